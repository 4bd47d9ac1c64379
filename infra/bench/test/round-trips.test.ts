import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import { startOurs } from '../families/refresh-programs.ts'
import { roundTrips } from '../families/round-trips.ts'

t.test(
  'a refresh sends one command to Redis and none to the database',
  { skip: redisMissing },
  async (t) => {
    const { url } = await redisServer(t)
    const program = await startOurs(dataFolder(t), url, 2)
    t.teardown(program.stop)
    t.strictSame(await roundTrips(program, url), { redis: 1, database: 0 })
  }
)
