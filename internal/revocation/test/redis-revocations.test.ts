import { once } from 'node:events'
import { eventually } from '@gatehouse/fixtures/client'
import { type RedisServer, redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { REVOCATION_STREAM, redisRevocations } from '@gatehouse/revocation/redis-revocations'
import type { Cursor, RevocationBatch, RevocationSource } from '@gatehouse/revocation/revocation'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'

const until = 1_800_000_360
const LONG_MS = 20_000

/** Writes into the log as the script of the auth service does. */
const revoke = ({ redis }: RedisServer, id: string, kind = 'session', name = '*') =>
  redis.xadd(REVOCATION_STREAM, name, 'kind', kind, 'id', id, 'until', until)

/** A connection that reports its loss, instead of repeating commands. */
async function connection(t: Test, { url }: RedisServer): Promise<Redis> {
  const redis = new Redis(url, {
    protocol: 2,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    retryStrategy: () => 20
  })
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  await once(redis, 'ready')
  return redis
}

/** The batches, one at a time. */
function follower(t: Test, source: RevocationSource, cursor: Cursor | null = null) {
  const ended = new AbortController()
  t.teardown(() => ended.abort())
  const batches = source.follow(cursor, ended.signal)[Symbol.asyncIterator]()
  return async (): Promise<RevocationBatch> => {
    const { value, done } = await batches.next()
    if (done) throw new Error('there are no more batches')
    return value
  }
}

const ids = ({ entries }: RevocationBatch) => entries.map(({ id }) => id)

/** The next batch with entries. An idle log delivers empty batches now and then. */
async function news(next: () => Promise<RevocationBatch>): Promise<RevocationBatch> {
  const batch = await next()
  return batch.entries.length > 0 ? batch : news(next)
}

t.test('a follower of the revocation log misses no entry', { skip: redisMissing }, async (t) => {
  t.test('the first batch arrives at once, even if the log is empty', async (t) => {
    const server = await redisServer(t)
    const next = follower(t, redisRevocations(await connection(t, server)))
    const blocked = server.redis.xread('BLOCK', 900, 'STREAMS', 'nothing', '0')
    const first = await Promise.race([blocked, next()])
    t.match(first, { entries: [], caughtUp: true }, 'before a read that waits')
    await revoke(server, 'sid-1')
    const second = await news(next)
    t.strictSame([...second.entries], [{ kind: 'session', id: 'sid-1', until }])
  })

  t.test('the first batch has all entries, and later ones each new entry once', async (t) => {
    const server = await redisServer(t)
    await revoke(server, 'sid-1')
    await revoke(server, 'sid-2')
    const next = follower(t, redisRevocations(await connection(t, server)))
    t.strictSame(ids(await next()), ['sid-1', 'sid-2'])
    const waiting = news(next)
    await revoke(server, 'sid-3')
    t.strictSame(ids(await waiting), ['sid-3'], 'pushed to a waiting follower')
  })

  t.test('an idle log regularly shows that it is available', async (t) => {
    const server = await redisServer(t)
    await revoke(server, 'sid-1')
    const next = follower(t, redisRevocations(await connection(t, server)))
    const { cursor } = await next()
    t.strictSame(await next(), { entries: [], cursor, caughtUp: true, heartbeatAgeMs: null })
  })

  t.test('a long log arrives in parts, and only the last one has caught up', async (t) => {
    const server = await redisServer(t)
    const all = Array.from({ length: 1001 }, (_, n) => `sid-${n}`)
    await Promise.all(all.map((id) => revoke(server, id)))
    const next = follower(t, redisRevocations(await connection(t, server)))
    const [first, second] = [await next(), await next()]
    t.strictSame([first.caughtUp, second.caughtUp], [false, true])
    t.strictSame([...ids(first), ...ids(second)], all)
  })

  t.test('a follower continues from a cursor, on any connection', async (t) => {
    const server = await redisServer(t)
    await revoke(server, 'sid-0', 'session', `${Date.now() - 120_000}-0`)
    await revoke(server, 'sid-1')
    const { cursor } = await follower(t, redisRevocations(await connection(t, server)))()
    await revoke(server, 'sid-2')
    const next = follower(t, redisRevocations(await connection(t, server)), cursor)
    t.strictSame(ids(await next()), ['sid-1', 'sid-2'], 'and a little before')
    const later = await next()
    t.strictSame(ids(later), [], 'once')
    t.not(later.cursor, cursor)
  })

  t.test('a server that takes over with a clock that is behind loses no entry', async (t) => {
    const server = await redisServer(t)
    await revoke(server, 'sid-1')
    const source = redisRevocations(await connection(t, server))
    const { cursor } = await follower(t, source)()
    await server.redis.flushall()
    const idle = await follower(t, source, cursor)()
    t.strictSame(idle, { entries: [], cursor, caughtUp: true, heartbeatAgeMs: null })
    await revoke(server, 'sid-2', 'session', `${Date.now() - 30_000}-0`)
    t.strictSame(ids(await follower(t, source, cursor)()), ['sid-2'])
  })

  t.test('an entry of a newer version stops nothing, and is reported', async (t) => {
    const server = await redisServer(t)
    await revoke(server, 'kid-1', 'signing-key')
    const next = follower(t, redisRevocations(await connection(t, server)))
    const unknown = await next()
    t.strictSame(
      [...unknown.entries],
      [{ kind: 'unreadable', id: unknown.cursor, until, writtenKind: 'signing-key' }]
    )
    await revoke(server, 'sid-1')
    const incomplete = await server.redis.xadd(REVOCATION_STREAM, '*', 'kind', 'session')
    const more = ['kind', 'session', 'id', 'sid-2', 'until', until, 'device', 'a phone']
    await server.redis.xadd(REVOCATION_STREAM, '*', ...more)
    const later = follower(t, redisRevocations(await connection(t, server)), unknown.cursor)
    const { entries } = await later()
    t.match(entries, [
      { kind: 'unreadable', id: unknown.cursor },
      { kind: 'session', id: 'sid-1' },
      { kind: 'unreadable', id: incomplete, writtenKind: 'session' },
      { kind: 'session', id: 'sid-2', until }
    ])
    const hourLater = Number(incomplete?.split('-')[0]) / 1000 + 3600
    t.equal(entries[2]?.until, hourLater, 'an entry without an end counts for an hour')
  })

  t.test('a cut connection ends the iteration; the cursor misses nothing', async (t) => {
    const server = await redisServer(t)
    const redis = await connection(t, server)
    const source = redisRevocations(redis)
    await revoke(server, 'sid-1')
    const next = follower(t, source)
    const { cursor } = await next()
    const waiting = next()
    const cut = t.rejects(waiting, 'the follower gets an error')
    const id = await eventually(
      async () =>
        /^id=(\d+).*\bflags=b.*cmd=xread/m.exec(String(await server.redis.client('LIST'))),
      (blocked) => blocked !== null,
      LONG_MS
    )
    await server.redis.client('KILL', 'ID', Number(id?.[1]))
    await cut
    await revoke(server, 'sid-2')
    await eventually(
      async () => redis.status,
      (status) => status === 'ready',
      LONG_MS
    )
    t.strictSame(ids(await follower(t, source, cursor)()), ['sid-1', 'sid-2'])
  })

  t.test(
    'a follower continues from its cursor after the server was killed and restarted',
    async (t) => {
      const server = await redisServer(t)
      const redis = await connection(t, server)
      const source = redisRevocations(redis)
      await revoke(server, 'sid-1')
      const next = follower(t, source)
      const { cursor } = await next()
      const cut = t.rejects(next(), 'the follower gets an error')
      await server.kill()
      await cut
      await t.rejects(follower(t, source, cursor)(), 'while it is away, too')
      await server.start()
      await revoke(server, 'sid-2')
      await eventually(
        async () => redis.status,
        (status) => status === 'ready',
        LONG_MS
      )
      t.strictSame(ids(await follower(t, source, cursor)()), ['sid-1', 'sid-2'])
    }
  )

  t.test('a stopped follower gets no more entries', async (t) => {
    const server = await redisServer(t)
    await revoke(server, 'sid-1')
    const ended = new AbortController()
    const batches: RevocationBatch[] = []
    const source = redisRevocations(await connection(t, server))
    for await (const batch of source.follow(null, ended.signal)) {
      batches.push(batch)
      ended.abort()
    }
    t.equal(batches.length, 1)
  })
})
