import { eventually } from '@gatehouse/fixtures/client'
import { testClock } from '@gatehouse/fixtures/clock'
import { type Kysely, sql } from 'kysely'
import t, { type Test } from 'tap'
import { accountStore } from '../../src/accounts/account-store.ts'
import { eraseAccount } from '../../src/accounts/erase-account.ts'
import { lockAccount } from '../../src/accounts/lock-account.ts'
import type { Tables } from '../../src/database/tables.ts'
import { newToken } from '../../src/link-tokens/link-tokens.ts'
import { prepareLetters } from '../../src/prepare-letters.ts'
import { durableSessions } from '../../src/sessions/durable-sessions.ts'
import { postgresKind } from '../fixtures/databases.ts'
import { source } from '../fixtures/family-steps.ts'

const { skip, make } = postgresKind
const clock = testClock()
const opened = {
  openedAt: clock() / 1000,
  expiresAt: clock() / 1000 + 1000,
  clientId: '',
  scope: '',
  label: ''
}

/** An account, and a transaction that has done something to it and waits. */
async function changing(
  t: Test,
  work: (transaction: Kysely<Tables>, id: string) => Promise<unknown>
) {
  const database = await (await make(t)).open()
  const person = { email: 'ada@example.com', passwordHash: 'hash', roles: [], scope: [] }
  const account = await accountStore(database).create(person, { source, clock })
  if (account === null) throw new Error('taken')
  await durableSessions(database, clock).open(account, 'one', opened, source)
  const isDone = Promise.withResolvers<void>()
  const mayEnd = Promise.withResolvers<void>()
  const change = database.transaction().execute(async (transaction) => {
    await work(transaction, account.id)
    isDone.resolve()
    await mayEnd.promise
  })
  await isDone.promise
  const waiting = async () => {
    const { rows } = await sql`select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(database)
    return rows.length
  }
  return {
    database,
    account,
    isWaiting: () => eventually(waiting, (count) => count === 1),
    async end() {
      mayEnd.resolve()
      await change
    }
  }
}

t.test(
  'PostgreSQL: the end of a session waits for an earlier change of its account',
  { skip },
  async (t) => {
    const { database, account, isWaiting, end } = await changing(t, lockAccount)
    const { id: subject } = account
    const ending = durableSessions(database, clock).end({
      kind: 'logout',
      subject,
      sid: 'one',
      source
    })
    t.equal(await isWaiting(), 1)
    await end()
    t.match(await ending, { known: true, changed: true })
  }
)

t.test(
  'PostgreSQL: a letter for an account that is erased at this moment is not sent, and leaves no token',
  { skip },
  async (t) => {
    const erased = await changing(t, (transaction, id) =>
      eraseAccount(transaction, id, { stale: () => ({ before: 7, until: 9 }), source, clock })
    )
    const { database, account, isWaiting, end } = erased
    const letters = prepareLetters(database, {
      resetSeconds: 60,
      verificationSeconds: 60,
      sealing: [Buffer.alloc(32, 7)]
    })
    const mail = { email: account.email, subject: null, language: 'en', source, values: {} }
    const prepared = letters['password-reset'](
      { ...mail, letter: 'password-reset', token: newToken(), queuedAtMs: clock() },
      clock()
    )
    t.equal(await isWaiting(), 1)
    await end()
    t.equal(await prepared, null)
    t.strictSame(await database.selectFrom('mail_tokens').selectAll().execute(), [])
  }
)
