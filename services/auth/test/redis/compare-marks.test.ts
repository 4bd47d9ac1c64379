import { randomBytes } from 'node:crypto'
import { testClock } from '@gatehouse/fixtures/clock'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import type { Job } from '../../src/background/background-work.ts'
import { storeClock } from '../../src/redis/store-clock.ts'
import { watchDatabase } from '../../src/redis/watch-database.ts'
import { databaseUnavailable } from '../../src/refusals.ts'
import { parseKeyRing } from '../../src/secrets/key-ring.ts'
import { watchRefreshKeys } from '../../src/secrets/watch-refresh-keys.ts'

const key = (id: number) => `${id}:${randomBytes(32).toString('base64url')}`

t.test('auth services with one Redis compare themselves', { skip: redisMissing }, async (t) => {
  const { redis } = await redisServer(t)
  const clock = testClock()
  const store = { kind: 'redis', redis, storeClock: storeClock(250, clock, clock) } as const
  /** The lines that an auth service logs at its next comparison. */
  const compared = (jobs: readonly Job[], lines: unknown[]) => async () => {
    clock.advance(20_000)
    await jobs[0]?.run()
    return lines.splice(0)
  }
  const process = () => {
    const [lines, jobs]: [unknown[], Job[]] = [[], []]
    const log = { error: (...line: unknown[]) => lines.push(line) }
    return { ports: { store, jobs, log }, next: compared(jobs, lines) }
  }
  const withKeys = (keys: string) => {
    const { ports, next } = process()
    watchRefreshKeys(parseKeyRing(keys), ports, clock)
    return next
  }

  t.test('refresh keys that do not fit those of another auth service are an error', async (t) => {
    const [one, two] = [key(1), key(2)]
    const [first, second] = [withKeys(one), withKeys(`${one},${two}`)]
    t.strictSame([await first(), await second(), await first()], [[], [], []], 'a key to come')

    t.strictSame(await withKeys(`${two},${one}`)(), [])
    t.match(await first(), [[{ refreshKey: 2 }, /not listed here/]])
    t.strictSame(await first(), [], 'once')
    t.match(await withKeys(key(1))(), [
      [{ refreshKey: 1 }, /different secret/],
      [{ refreshKey: 2 }, /not listed here/]
    ])
    clock.advance(60_001)
    t.strictSame(await withKeys(key(3))(), [], 'the other processes have ended')
  })

  t.test('a different database at another auth service is logged as an error', async (t) => {
    const withDatabase = (appliedAt: string | null) => {
      const { ports, next } = process()
      const status = async () => [{ name: '0001', appliedAt, known: true }]
      watchDatabase({ ...ports, database: { status } }, clock)
      return next
    }
    const [first, second] = [withDatabase('2026-01-01'), withDatabase('2026-01-01')]
    t.strictSame([await first(), await second(), await withDatabase(null)()], [[], [], []])
    const other = withDatabase('2026-02-02')
    t.match(await other(), [[{ otherDatabaseMadeAt: '2026-01-01' }, /REDIS_KEY_PREFIX/]])
    t.match(await first(), [[{ otherDatabaseMadeAt: '2026-02-02' }, /another database/]])
    t.strictSame([await first(), await other()], [[], []], 'once')
  })

  t.test('the job reports every fault except an outage, which is logged elsewhere', async (t) => {
    const failing = (error: Error) => {
      const { ports, next } = process()
      watchDatabase({ ...ports, database: { status: () => Promise.reject(error) } }, clock)
      return next
    }
    t.strictSame(await failing(databaseUnavailable(new Error('away')))(), [])
    await t.rejects(failing(new TypeError('a bug'))(), { message: 'a bug' })
  })
})
