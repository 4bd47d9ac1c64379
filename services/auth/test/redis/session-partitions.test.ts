import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { StartFault } from '@gatehouse/process/start-fault'
import { PARTITION_COUNT } from '@gatehouse/redis/partitions'
import { redisHeartbeat } from '@gatehouse/revocation/redis-heartbeats'
import { Registry } from 'prom-client'
import t, { type Test } from 'tap'
import type { Job } from '../../src/background/background-work.ts'
import { recordedPartitions } from '../../src/redis/session-partitions.ts'
import { openSharedStore } from '../../src/redis/shared-store.ts'
import { capturedLog } from '../fixtures/captured-log.ts'

t.test(
  'the number of partitions is fixed at the first start',
  { skip: redisMissing },
  async (t) => {
    const server = await redisServer(t)
    const { redis } = server
    t.beforeEach(() => redis.flushall())
    const recorded = async (t: Test, setting?: number) =>
      recordedPartitions(await redisConnection(t, server.url), setting)

    t.test('the first setting counts, and later ones do not', async (t) => {
      const [first, second, unset] = [
        await recorded(t, 4),
        await recorded(t, 16),
        await recorded(t)
      ]
      t.equal(await first.read(), 4)
      t.equal((await second.all()).length, 4)
      t.equal((await unset.all()).length, 4)
    })

    t.test('an installation of an earlier release has one partition', async (t) => {
      await redis.set('gatehouse:{sessions}:mark', 'its marker')
      t.equal(await (await recorded(t, 16)).read(), 1)
    })

    t.test('a heartbeat records it again after a loss of all data', async (t) => {
      const partitions = await recorded(t, 4)
      await partitions.read()
      const connection = await redisConnection(t, server.url)
      const beat = redisHeartbeat(connection, 'auth', { partition: 'sessions', partitions: 4 })
      t.equal(await beat(), true)
      await redis.flushall()
      t.equal(await beat(), true)
      t.equal(await redis.get(PARTITION_COUNT), '4')
      await redis.set(PARTITION_COUNT, '2')
      t.equal(await beat(), false, 'and writes nothing if there is another number')
      const heard: number[] = []
      partitions.onNumber((number) => heard.push(number))
      await partitions.read()
      t.strictSame(heard, [4, 2], 'which then counts')
    })

    t.test('an auth service with another setting does not start', async (t) => {
      const { log } = capturedLog(t)
      const open = async (setting: number) => {
        const closing = new AsyncDisposableStack()
        t.teardown(() => closing.disposeAsync())
        const config = {
          REDIS_URL: server.url,
          REDIS_TIMEOUT_MS: 2000,
          REDIS_KEY_PREFIX: '',
          REDIS_TLS_VERIFY: 'full',
          REDIS_PARTITIONS: setting,
          NODE_ENV: 'test',
          GATEHOUSE_DATA_DIR: ''
        } as const
        const jobs: Job[] = []
        return openSharedStore(config, { log, registry: new Registry(), closing, jobs }, [])
      }
      t.equal((await open(4)).kind, 'redis')
      await t.rejects(open(16), StartFault)
      await t.rejects(open(16), {
        message: /^REDIS_PARTITIONS is 16, but the sessions in this Redis are in 4: set it to 4/
      })
    })
  }
)
