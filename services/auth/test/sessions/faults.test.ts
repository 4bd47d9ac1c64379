import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { Kysely } from 'kysely'
import t, { type Test } from 'tap'
import { nodeSqliteDialect } from '../../src/database/sqlite/sqlite-dialect.ts'
import type { Tables } from '../../src/database/tables.ts'
import { authService } from '../fixtures/auth-service.ts'
import { migratedMemory } from '../fixtures/database/migrated-sqlite.ts'
import {
  faultPoints,
  faultyDatabase,
  faultyFamilies,
  type When
} from '../fixtures/families/fault-points.ts'
import {
  clockFromNow,
  policy,
  redisStore,
  revokedSids,
  sqliteStore
} from '../fixtures/families/stores.ts'
import { type Operation, operations, type Person, person } from './fixtures/ends-of-sessions.ts'

/** longer than `settle` waits for requests under way, and within the grace window */
const A_MOMENT_MS = 3000

const MOST_CALLS = 60

/** A service with one kind of session store, each of whose calls can be made to fail. */
async function faultyService(t: Test, kind: 'sqlite' | 'redis') {
  const points = faultPoints()
  const clock = clockFromNow()
  const options = { policy: { ...policy, sessionsPerUser: 3 }, clock }
  const store =
    kind === 'sqlite'
      ? sqliteStore(t, options)
      : redisStore(await redisConnection(t, (await redisServer(t)).url), options)
  const sqlite = await migratedMemory()
  const database = new Kysely<Tables>({
    // Once is enough: the database is the same for every session store.
    dialect: nodeSqliteDialect(kind === 'sqlite' ? faultyDatabase(sqlite, points) : sqlite)
  })
  t.teardown(() => database.destroy())
  const auth = await authService(t, {
    clock,
    database,
    families: () => faultyFamilies(store.families.store, points)
  })
  return { auth, points, store }
}

for (const kind of ['sqlite', 'redis'] as const) {
  t.test(
    `${kind}: a store that fails at any call leaves an operation done or undone`,
    { skip: kind === 'redis' && redisMissing },
    async (t) => {
      const { auth, points, store } = await faultyService(t, kind)
      const failed = new Set<string>()
      let people = 0

      const isOver = async (person: Person, which: 'used' | 'other'): Promise<boolean> => {
        const { id } = person
        const sid = person[which].session.id
        const listed = (await auth.state.listSessions(id)).some((one) => one.sid === sid)
        const revoked = (await revokedSids(store)).includes(sid)
        const { refreshToken } = person[which]
        const refreshed = await auth.post('/refresh-token', { refreshToken })
        const signs = { listed, revoked, refreshed: refreshed.statusCode }
        const over = { listed: false, revoked: true, refreshed: 401 }
        const live = { listed: true, revoked: false, refreshed: 200 }
        t.strictSame(signs, revoked ? over : live, 'all signs of it agree')
        return revoked
      }

      const countOf = async (kind: string, { id }: Person): Promise<number> => {
        const query = auth.database.selectFrom('audit_events').selectAll()
        const rows = await query.where('subject', '=', id).execute()
        return rows.filter((row) => row.kind === kind).length
      }

      const check = async (operation: Operation, person: Person, isDone: boolean) => {
        const over = new Set<boolean>()
        for (const which of operation.ends) over.add(await isOver(person, which))
        t.equal(over.size, 1, 'all of it or nothing')
        const isOverNow = over.has(true)
        if (isDone) t.ok(isOverNow, 'an acknowledged end holds')
        for (const event of operation.events) {
          t.equal(await countOf(event, person), isOverNow ? 1 : 0, `${event}, as often as it was`)
        }
        return isOverNow
      }

      /** Whether the operation had this many calls. */
      const failAt = async (title: string, call: number, when: When): Promise<boolean> => {
        const operation = operations[title] as Operation
        people += 1
        const someone = await person(auth, `somebody${people}@example.com`)
        points.arm(call, when)
        const answer = await operation.act(auth, someone)
        const where = points.disarm()
        if (where === '') return false
        failed.add(where)
        const isDone = answer.statusCode === operation.done
        t.ok(isDone || answer.statusCode === 503, `${title}: ${when} ${where}`)

        auth.clock.advance(A_MOMENT_MS)
        await auth.state.ends.settle()
        const wasOver = await check(operation, someone, isDone)

        const again = await operation.act(auth, someone)
        const { done, again: repeated = done } = operation
        t.equal(again.statusCode, wasOver ? repeated : done, `${title}, asked for again`)
        t.ok(await check(operation, someone, true), 'and now it is done')
        return true
      }

      for (const title of Object.keys(operations)) {
        for (const when of ['before', 'after'] as const) {
          let call = 1
          while (await failAt(title, call, when)) call += 1
          t.ok(
            call > 1 && call < MOST_CALLS,
            `${title}: ${call - 1} calls failed ${when} they had an effect`
          )
        }
      }
      if (kind === 'sqlite') t.ok(failed.has('commit'))
      t.ok(failed.has('families.end') && failed.has('families.present'))
    }
  )
}
