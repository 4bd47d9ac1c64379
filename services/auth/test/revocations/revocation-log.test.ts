import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import type { Revocation } from '@gatehouse/revocation/revocation'
import t, { type Test } from 'tap'
import {
  type RevocationWriter,
  redisRevocationWriter,
  sqliteRevocationWriter
} from '../../src/revocations/revocation-log.ts'
import type { FamilySteps } from '../fixtures/families/family-steps.ts'
import {
  clockFromNow,
  opening,
  policy,
  redisStore,
  revocationSeconds,
  sqliteStore
} from '../fixtures/families/stores.ts'

type Log = {
  readonly clock: ReturnType<typeof clockFromNow>
  readonly writer: RevocationWriter
  readonly families: FamilySteps
  /** every entry, as its fields */
  entries(): Promise<Record<string, string>[]>
}

function sqliteLog(t: Test): Log {
  const clock = clockFromNow()
  const { families, revocations } = sqliteStore(t, { policy, clock })
  return {
    clock,
    families,
    writer: sqliteRevocationWriter(revocations, clock),
    async entries() {
      const batches = revocations.follow(null, AbortSignal.timeout(5000))
      for await (const { entries } of batches) {
        return entries.map((entry) =>
          Object.fromEntries(Object.entries(entry).map(([name, value]) => [name, String(value)]))
        )
      }
      return []
    }
  }
}

async function redisLog(t: Test) {
  const server = await redisServer(t)
  const clock = clockFromNow()
  const redis = await redisConnection(t, server.url)
  const log: Log = {
    clock,
    families: redisStore(redis, { policy, clock }).families,
    writer: redisRevocationWriter(redis, { clock, replicas: 0 }),
    async entries() {
      const rows = await server.redis.xrange(REVOCATION_STREAM, '-', '+')
      return rows.map(([, fields]) => {
        const pairs = fields.flatMap((name, index) =>
          index % 2 === 0 ? [[name, fields[index + 1] ?? '']] : []
        )
        return Object.fromEntries(pairs)
      })
    }
  }
  return { log, server, redis, clock }
}

const logs = [
  { name: 'SQLite', skip: false, make: async (t: Test) => sqliteLog(t) },
  { name: 'Redis', skip: redisMissing, make: async (t: Test) => (await redisLog(t)).log }
]

for (const { name, skip, make } of logs) {
  t.test(
    `${name}: entries of every kind are kept in order, as they were written`,
    { skip },
    async (t) => {
      const { clock, writer, entries } = await make(t)
      const now = clock() / 1000
      const until = now + 360
      const written: Revocation[] = [
        { kind: 'key', id: 'a-kid', until },
        { kind: 'subject', id: 'ada', until, before: now },
        { kind: 'everything', id: 'everything', until, before: now },
        { kind: 'key-set', id: '7', until },
        { kind: 'session', id: 'a-sid', until }
      ]
      for (const entry of written) await writer.append(entry)
      t.strictSame(
        await entries(),
        written.map((entry) =>
          Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, String(value)]))
        )
      )
    }
  )

  t.test(
    `${name}: an entry is remembered until the last current token has expired`,
    { skip },
    async (t) => {
      const { clock, writer, families, entries } = await make(t)
      await families.open('ada', 'a-sid', opening)
      const now = clock() / 1000
      await writer.append({ kind: 'key', id: 'a-kid', until: now + 1 })
      await writer.append({ kind: 'key', id: 'another', until: now + 9999 })
      t.match(await entries(), [
        { id: 'a-kid', until: String(now + revocationSeconds) },
        { id: 'another', until: String(now + 9999) }
      ])
    }
  )
}

t.test('Redis: the log lives as long as its newest entry', { skip: redisMissing }, async (t) => {
  const { log, server, clock } = await redisLog(t)
  await log.writer.append({ kind: 'key', id: 'a-kid', until: clock() / 1000 + 5000 })
  await log.writer.append({ kind: 'key-set', id: '1', until: clock() / 1000 + 10 })
  const life = await server.redis.ttl(REVOCATION_STREAM)
  t.ok(life > 5000 && life <= 5060, `${life} s`)
})

t.test(
  'Redis: an entry that too few replicas have is refused',
  { skip: redisMissing },
  async (t) => {
    const { redis, clock } = await redisLog(t)
    const writer = redisRevocationWriter(redis, { clock, replicas: 1 })
    const until = clock() / 1000 + 10
    await t.rejects(writer.append({ kind: 'key', id: 'a-kid', until }), { code: 'UNAVAILABLE' })
  }
)

t.test(
  'Redis: while it is unreachable, an entry is refused as an outage',
  { skip: redisMissing },
  async (t) => {
    const { log, server, clock } = await redisLog(t)
    await server.kill()
    const until = clock() / 1000 + 10
    await t.rejects(log.writer.append({ kind: 'key', id: 'a-kid', until }), { code: 'UNAVAILABLE' })
  }
)
