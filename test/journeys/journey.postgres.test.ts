import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { postgresMissing, postgresServer } from '@gatehouse/fixtures/postgres-server'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import { journey } from './fixtures/journey.ts'

t.test(
  'the whole journey works with a process per service, on a real PostgreSQL and a real Redis',
  { skip: postgresMissing || redisMissing },
  async (t) => {
    const [postgres, { url }] = [await postgresServer(t), await redisServer(t)]
    await journey(t, {
      GATEHOUSE_DATA_DIR: dataFolder(t),
      REDIS_URL: url,
      DATABASE_URL: await postgres.database()
    })
  }
)
