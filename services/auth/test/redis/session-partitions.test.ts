import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { StartFault } from '@gatehouse/process/start-fault'
import { PARTITION_COUNT } from '@gatehouse/redis/partitions'
import { redisHeartbeat } from '@gatehouse/revocation/redis-heartbeats'
import { Registry } from 'prom-client'
import t, { type Test } from 'tap'
import type { Job } from '../../src/background/background-work.ts'
import { whenThere } from '../../src/database/opening/when-there.ts'
import { type DurablePartitions, durablePartitions } from '../../src/redis/durable-partitions.ts'
import { recordedPartitions } from '../../src/redis/session-partitions.ts'
import { openSharedStore } from '../../src/redis/shared-store.ts'
import { capturedLog } from '../fixtures/captured-log.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'

t.test(
  'the number of partitions is fixed at the first start',
  { skip: redisMissing },
  async (t) => {
    const server = await redisServer(t)
    const { redis } = server
    t.beforeEach(() => redis.flushall())
    const recorded = async (t: Test, setting?: number) =>
      recordedPartitions(await redisConnection(t, server.url), { setting })

    t.test(
      'the first recorded number of partitions stays, whatever later settings say',
      async (t) => {
        const [first, second, unset] = [
          await recorded(t, 4),
          await recorded(t, 16),
          await recorded(t)
        ]
        t.equal(await first.read(), 4)
        t.equal((await second.all()).length, 4)
        t.equal((await unset.all()).length, 4)
      }
    )

    t.test('an installation of an earlier release has one partition', async (t) => {
      await redis.set('gatehouse:{sessions}:mark', 'its marker')
      t.equal(await (await recorded(t, 16)).read(), 1)
    })

    t.test(
      'a heartbeat records the number of partitions again after a loss of all data',
      async (t) => {
        const partitions = await recorded(t, 4)
        await partitions.read()
        const connection = await redisConnection(t, server.url)
        const beat = redisHeartbeat(connection, 'auth', { partition: 'sessions', partitions: 4 })
        t.equal(await beat(), 'recent')
        await redis.flushall()
        t.equal(await beat(), 'recent')
        t.equal(await redis.get(PARTITION_COUNT), '4')
        await redis.set(PARTITION_COUNT, '2')
        t.equal(await beat(), 'other-number', 'and writes nothing if there is another number')
        const heard: number[] = []
        partitions.onNumber((number) => heard.push(number))
        await partitions.read()
        t.strictSame(heard, [4, 2], 'which then counts')
      }
    )

    for (const kind of databaseKinds) {
      t.test(`${kind.name}: the database has it too`, { skip: kind.skip }, async (t) => {
        const { log, text } = capturedLog(t)
        const durable = durablePartitions(await (await kind.make(t)).open())
        const open = (setting?: number) => storeOf(t, { url: server.url, setting, log, durable })
        const { jobs } = await open(4)
        t.equal(await durable.read(), 4)
        t.equal(await durable.record(16), 4, 'the first one counts')
        const another = /^REDIS_PARTITIONS is 16, but the sessions of this installation are in 4:/
        await t.rejects(open(16), new StartFault(''))
        await t.rejects(open(16), { message: another })

        await redis.flushall()
        const { store } = await open()
        t.equal(await redis.get(PARTITION_COUNT), '4', 'Redis has lost it, and the setting is gone')
        t.equal(store.kind === 'redis' && (await store.partitions.all()).length, 4)

        await redis.set(PARTITION_COUNT, '1')
        await t.rejects(open(), { message: /^the sessions in this Redis are in 1 partitions, but/ })
        for (const _ of [1, 2]) for (const { run } of jobs) await run()
        t.equal(text().split('the sessions in this Redis are in 1').length, 2, 'said once')
        t.equal(store.kind === 'redis' && (await store.partitions.all()).length, 4)
      })
    }
  }
)

type Opened = {
  readonly url: string
  readonly setting: number | undefined
  readonly log: ReturnType<typeof capturedLog>['log']
  readonly durable: DurablePartitions
}

/** The stores of an auth service. */
async function storeOf(t: Test, { url, setting, log, durable }: Opened) {
  const closing = new AsyncDisposableStack()
  t.teardown(() => closing.disposeAsync())
  const config = {
    REDIS_URL: url,
    REDIS_TIMEOUT_MS: 2000,
    REDIS_KEY_PREFIX: '',
    REDIS_TLS_VERIFY: 'full',
    REDIS_PARTITIONS: setting,
    NODE_ENV: 'test',
    GATEHOUSE_DATA_DIR: ''
  } as const
  const jobs: Job[] = []
  const waiting = { address: null, waitSeconds: 0, onWaiting: () => {} }
  const database = {
    whenThere: <Result>(work: () => Promise<Result>) => whenThere(work, waiting)
  }
  const ports = { log, registry: new Registry(), closing, jobs, database, durable }
  return { store: await openSharedStore(config, ports, []), jobs }
}
