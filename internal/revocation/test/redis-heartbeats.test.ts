import { eventually } from '@gatehouse/fixtures/client'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { HEARTBEAT_MS, redisHeartbeat } from '@gatehouse/revocation/redis-heartbeats'
import { REVOCATION_STREAM, redisRevocations } from '@gatehouse/revocation/redis-revocations'
import type { RevocationBatch, RevocationSource } from '@gatehouse/revocation/revocation'
import t, { type Test } from 'tap'

const LONG_MS = 20_000
const until = 1_800_000_360

/** The batches of a source, one at a time. */
function batches(t: Test, source: RevocationSource) {
  const ended = new AbortController()
  t.teardown(() => ended.abort())
  const iterator = source.follow(null, ended.signal)[Symbol.asyncIterator]()
  return async (): Promise<RevocationBatch> => {
    const { value, done } = await iterator.next()
    if (done) throw new Error('there are no more batches')
    return value
  }
}

t.test('heartbeats in the log replace only each other', { skip: redisMissing }, async (t) => {
  const server = await redisServer(t)
  const log = async () =>
    (await server.redis.xrange(REVOCATION_STREAM, '-', '+')).map(([, [, kind, , id]]) => [kind, id])
  const writer = async (name: string) => redisHeartbeat(await redisConnection(t, server.url), name)
  const [first, second] = [await writer('first'), await writer('second')]
  t.beforeEach(() => server.redis.flushall())

  t.test('one heartbeat of any writer is enough for an interval', async (t) => {
    await first()
    await second()
    t.strictSame(await log(), [['heartbeat', 'first']])
    const others = await eventually(
      async () => {
        await second()
        return log()
      },
      ([last]) => last?.[1] === 'second',
      LONG_MS
    )
    t.strictSame(others, [['heartbeat', 'second']], 'the next one takes its place')
  })

  t.test('a heartbeat pushes no revocation out of the log', async (t) => {
    await first()
    await server.redis.xadd(
      REVOCATION_STREAM,
      ...(['*', 'kind', 'session', 'id', 'sid-1', 'until', until] as const)
    )
    const last = await eventually(
      async () => {
        await second()
        return log()
      },
      (rows) => rows.at(-1)?.[0] === 'heartbeat',
      LONG_MS
    )
    t.strictSame(last, [
      ['session', 'sid-1'],
      ['heartbeat', 'second']
    ])
  })

  t.test(
    'the age of a heartbeat is measured by the clock of the store, and counted once',
    async (t) => {
      const times: [number, number][] = []
      const onServerTime = (...time: [number, number]) => times.push(time)
      const connection = await redisConnection(t, server.url)
      const next = batches(t, redisRevocations(connection, { onServerTime }))
      t.equal((await next()).heartbeatAgeMs, null, 'no one has written')
      const before = Date.now()
      await first()
      const { heartbeatAgeMs, entries } = await next()
      t.ok(heartbeatAgeMs !== null && heartbeatAgeMs < HEARTBEAT_MS, `${heartbeatAgeMs} ms`)
      t.strictSame(entries, [], 'it revokes nothing')
      t.equal((await next()).heartbeatAgeMs, null, 'an answer without a heartbeat has no age')
      const [[serverMs, tookMs] = [0, -1], ...others] = times
      t.ok(serverMs >= before && serverMs <= Date.now() && tookMs >= 0, `${serverMs}, ${tookMs}`)
      t.strictSame(others, [], 'its time is reported once per heartbeat')
    }
  )

  t.test('a heartbeat in an old copy of the data is old', async (t) => {
    const at = Date.now() - 60_000
    const entry = ['kind', 'heartbeat', 'id', 'gone', 'until', until, 'at', at] as const
    await server.redis.xadd(REVOCATION_STREAM, `${at}-0`, ...entry)
    const connection = await redisConnection(t, server.url)
    const { heartbeatAgeMs } = await batches(t, redisRevocations(connection))()
    t.ok(Number(heartbeatAgeMs) >= 60_000, `${heartbeatAgeMs} ms`)
  })

  t.test('without heartbeats, the follower stops, and its connection is reopened', async (t) => {
    const connection = await redisConnection(t, server.url)
    let nowMs = 0
    const source = redisRevocations(connection, { silenceMs: 5000, clock: () => nowMs })
    const next = batches(t, source)
    await next()
    nowMs = 5001
    const replaced = new Promise<void>((resolve) => connection.once('ready', resolve))
    await t.rejects(next(), /no auth service has written into the log for 5000 ms/)
    await replaced
    t.equal((await batches(t, source)()).caughtUp, true, 'and it follows again')
  })

  t.test('a replica accepts no heartbeat, even if there is nothing to write', async (t) => {
    await first()
    const replica = await redisServer(t)
    await replica.redis.replicaof('127.0.0.1', server.port)
    await eventually(
      () => replica.redis.info('replication'),
      (text) => text.includes('master_link_status:up'),
      LONG_MS
    )
    const beat = redisHeartbeat(await redisConnection(t, replica.url), 'misled')
    await t.rejects(beat(), /^READONLY/)
  })
})

t.test(
  'a number of partitions that no installation can have is ignored',
  { skip: redisMissing },
  async (t) => {
    const { redis, url } = await redisServer(t)
    const kind = 'partitioned-heartbeat'
    const beat = (partitions: string | number) =>
      redis.xadd(REVOCATION_STREAM, '*', 'kind', kind, 'id', 'planted', 'partitions', partitions)
    for (const number of [24, 200_000, 0, -1, 2.5, 'x']) await beat(number)
    const next = batches(t, redisRevocations(await redisConnection(t, url)))
    t.equal((await next()).partitions, 24)
  }
)
