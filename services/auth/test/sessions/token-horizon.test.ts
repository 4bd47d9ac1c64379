import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t, { type Test } from 'tap'
import { redisRevocationWriter } from '../../src/revocations/revocation-log.ts'
import {
  clockFromNow,
  opening,
  policy,
  redisStore,
  type Store,
  sqliteStore
} from '../fixtures/families/stores.ts'

/**
 * The earlier and the current setting: a token's lifetime plus the allowed difference of clocks.
 */
const LONG = 3600
const SHORT = 60

/** One store with two settings, one after the other, as after a restart. */
type Reopen = (revocationSeconds: number) => Store

const stores: Record<
  string,
  { skip: string | false; open: (t: Test, clock: () => number) => Promise<Reopen> }
> = {
  SQLite: {
    skip: false,
    async open(t, clock) {
      const file = join(dataFolder(t), 'sessions.sqlite')
      return (revocationSeconds) => sqliteStore(t, { policy, clock, revocationSeconds }, file)
    }
  },
  Redis: {
    skip: redisMissing,
    async open(t, clock) {
      const { redis } = await redisServer(t)
      return (revocationSeconds) => redisStore(redis, { policy, clock, revocationSeconds })
    }
  }
}

async function entries({ revocations }: Store) {
  for await (const batch of revocations.follow(null, AbortSignal.timeout(5000)))
    return batch.entries
  return []
}

for (const [name, { skip, open }] of Object.entries(stores)) {
  t.test(
    `${name}: a token issued before the lifetime was reduced stays revoked`,
    { skip },
    async (t) => {
      for (const given of ['at login', 'at a refresh', 'as a replay']) {
        const clock = clockFromNow()
        const reopen = await open(t, clock)
        const subject = randomUUID()
        const before = reopen(LONG)
        await before.families.open(subject, 'long', opening)
        if (given !== 'at login') {
          clock.advance(1000)
          await before.families.present(subject, 'long', 0)
        }
        if (given === 'as a replay') {
          clock.advance(1000)
          t.equal((await before.families.present(subject, 'long', 0)).outcome, 'replayed')
        }
        const until = clock() / 1000 + LONG

        const after = reopen(SHORT)
        await after.families.open(subject, 'short', opening)
        clock.advance(5000)
        await after.families.end(subject, 'long')

        t.strictSame(await entries(after), [{ kind: 'session', id: 'long', until }], given)
      }
    }
  )

  t.test(`${name}: later entries do not push an entry out of the log`, { skip }, async (t) => {
    const clock = clockFromNow()
    const reopen = await open(t, clock)
    const subject = randomUUID()
    await reopen(LONG).families.open(subject, 'long', opening)
    const { families, ...log } = reopen(SHORT)
    await families.end(subject, 'long')

    clock.advance((LONG - 1) * 1000)
    for (let login = 0; login < 20; login++) {
      await families.open(subject, `later ${login}`, opening)
      await families.end(subject, `later ${login}`)
    }

    const held = await entries({ families, ...log })
    t.equal(held[0]?.id, 'long', 'a second before its last token runs out')
    t.equal(held.at(-1)?.until, clock() / 1000 + SHORT, 'and the horizon is the short one again')
  })
}

t.test(
  'Redis: the log forgets entries that are no longer needed',
  { skip: redisMissing },
  async (t) => {
    // The server's clock is real, so the entries get old dates instead.
    const clock = clockFromNow()
    clock.advance(-1_000_000)
    const { redis } = await redisServer(t)
    const { families, ...log } = redisStore(redis, { policy, clock, revocationSeconds: SHORT })
    const subject = randomUUID()
    const longer = clock() / 1000 + 10 * SHORT
    const writer = redisRevocationWriter(redis, { clock, replicas: 0 })
    await writer.append({ kind: 'key', id: 'a key', until: longer })
    for (let login = 0; login < 15; login++) {
      await families.open(subject, `old ${login}`, opening)
      await families.end(subject, `old ${login}`)
    }
    clock.advance((SHORT + 1) * 1000)
    for (const sid of ['new', 'newer']) {
      await families.open(subject, sid, opening)
      await families.end(subject, sid)
    }
    const ids = (await entries({ families, ...log })).map(({ id }) => id)
    t.strictSame(
      ids,
      ['a key', 'new', 'newer'],
      'ten at each step; a key’s entry holds up no other'
    )
  }
)
