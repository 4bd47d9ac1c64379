import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import { journey } from './journey.ts'

t.test(
  'the whole journey works with a process per service, on a real Redis',
  { skip: redisMissing },
  async (t) => {
    const { url } = await redisServer(t)
    await journey(t, { GATEHOUSE_DATA_DIR: dataFolder(t), REDIS_URL: url })
  }
)
