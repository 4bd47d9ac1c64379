import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t, { type Test } from 'tap'
import {
  clockFromNow,
  policy as defaults,
  opening,
  redisClients,
  revokedSids,
  type Store,
  type StoreOptions,
  sqliteStore
} from '../fixtures/families/stores.ts'

const CLIENTS = 3

/**
 * Clients of one store, each with a connection of its own, like the processes of a cluster. Those
 * of SQLite run in one thread, so no two of their steps run at the same time. For them, only the
 * outcome is tested.
 */
type Connect = (t: Test, options: StoreOptions) => Promise<Store[]>

const stores: Record<string, { skip: string | false; connect: Connect }> = {
  Redis: {
    skip: redisMissing,
    connect: async (t, options) => redisClients(t, (await redisServer(t)).redis, CLIENTS, options)
  },
  SQLite: {
    skip: false,
    connect: async (t, options) => {
      const file = join(dataFolder(t), 'sessions.sqlite')
      return Array.from({ length: CLIENTS }, () => sqliteStore(t, options, file))
    }
  }
}

async function contest(t: Test, connect: Connect, changes: Partial<StoreOptions['policy']> = {}) {
  const policy = { ...defaults, ...changes }
  const clients = await connect(t, { policy, clock: clockFromNow() })
  const [first] = clients
  if (first === undefined) throw new Error('no client')
  /** Runs many at once, spread over the clients. */
  const simultaneously = <Result>(times: number, does: (client: Store) => Promise<Result>) =>
    Promise.all(Array.from({ length: times }, (_, turn) => does(clients[turn % CLIENTS] ?? first)))
  return { policy, first, simultaneously, subject: randomUUID(), sid: randomUUID() }
}

const tally = (words: string[]) => {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}

for (const [name, { skip, connect }] of Object.entries(stores)) {
  t.test(`of fifty refreshes of one token, one rotates (${name})`, { skip }, async (t) => {
    const { first, simultaneously, subject, sid } = await contest(t, connect)
    await first.families.open(subject, sid, opening)

    const presented = await simultaneously(50, (client) => client.families.present(subject, sid, 0))

    t.strictSame(tally(presented.map(({ outcome }) => outcome)), { rotated: 1, replayed: 49 })
    t.ok(
      presented.every(({ after }) => after?.generation === 1),
      'and all get one successor'
    )
    t.strictSame(await revokedSids(first), [], 'no user is signed out')
  })

  t.test(`the replay cap holds among simultaneous refreshes (${name})`, { skip }, async (t) => {
    const { first, simultaneously, subject, sid } = await contest(t, connect, {
      replayCap: 10,
      recoverySeconds: 0
    })
    await first.families.open(subject, sid, opening)

    const presented = await simultaneously(50, (client) => client.families.present(subject, sid, 0))

    const outcomes = tally(presented.map(({ outcome }) => outcome))
    t.strictSame(outcomes, { rotated: 1, replayed: 10, reused: 1, ended: 38 })
    t.strictSame(await revokedSids(first), [sid])
  })

  t.test(`many reuses end a family once (${name})`, { skip }, async (t) => {
    const { first, simultaneously, subject, sid } = await contest(t, connect)
    await first.families.open(subject, sid, opening)
    await first.families.present(subject, sid, 0)
    await first.families.present(subject, sid, 1)

    const presented = await simultaneously(30, (client) => client.families.present(subject, sid, 0))

    t.strictSame(tally(presented.map(({ outcome }) => outcome)), { reused: 1, ended: 29 })
    t.strictSame(await revokedSids(first), [sid], 'the end is published once')
  })

  t.test(
    `simultaneous logins leave as many sessions as the limit allows (${name})`,
    { skip },
    async (t) => {
      const { first, simultaneously, subject, policy } = await contest(t, connect)

      await simultaneously(60, ({ families }) => families.open(subject, randomUUID(), opening))

      t.equal((await first.families.list(subject)).length, policy.sessionsPerUser)
      t.equal(new Set(await revokedSids(first)).size, 40, 'every other one is revoked')
    }
  )

  t.test(
    `of many logins in one second, none ends the session that it opens (${name})`,
    { skip },
    async (t) => {
      const { first, subject, policy } = await contest(t, connect, { sessionsPerUser: 2 })
      for (let login = 0; login < 20; login += 1) {
        const sid = randomUUID()
        await first.families.open(subject, sid, opening)
        const live = (await first.families.list(subject)).map((family) => family.sid)
        t.ok(live.includes(sid))
        t.equal(live.length, Math.min(login + 1, policy.sessionsPerUser))
      }
    }
  )

  t.test(`a refresh that races a logout cannot outlive it (${name})`, { skip }, async (t) => {
    const { first, simultaneously, subject, sid } = await contest(t, connect)
    await first.families.open(subject, sid, opening)

    const [ended] = await Promise.all([
      simultaneously(1, ({ families }) => families.end(subject, sid)),
      simultaneously(20, ({ families }) => families.present(subject, sid, 0))
    ])

    t.strictSame(ended, [true], 'the logout ended it')
    t.equal((await first.families.present(subject, sid, 1)).outcome, 'ended', 'for every token')
    t.strictSame(await revokedSids(first), [sid])
  })
}
