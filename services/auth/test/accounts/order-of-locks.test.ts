import { eventually } from '@gatehouse/fixtures/client'
import { testClock } from '@gatehouse/fixtures/clock'
import { type Kysely, sql } from 'kysely'
import t, { type Test } from 'tap'
import { accountStore } from '../../src/accounts/account-store.ts'
import { eraseAccount } from '../../src/accounts/changes/erase-account.ts'
import { lockAccount } from '../../src/accounts/lock-account.ts'
import type { Tables } from '../../src/database/tables.ts'
import { emailChanges } from '../../src/email-changes/email-changes.ts'
import { prepareLetters } from '../../src/letters/prepare-letters.ts'
import { issueToken, newToken } from '../../src/link-tokens/link-tokens.ts'
import { BY_PASSWORD } from '../../src/sessions/authentication.ts'
import { durableSessions } from '../../src/sessions/durable/durable-sessions.ts'
import { postgresKind } from '../fixtures/database/databases.ts'
import { source } from '../fixtures/families/family-steps.ts'

const { skip, make } = postgresKind
const clock = testClock()
const opened = {
  openedAt: clock() / 1000,
  expiresAt: clock() / 1000 + 1000,
  clientId: '',
  scope: '',
  label: ''
}

/** Waits until this number of transactions waits for a lock. */
function waitingIn(database: Kysely<Tables>, wanted: number): Promise<number> {
  const count = async () => {
    const { rows } = await sql`select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(database)
    return rows.length
  }
  return eventually(count, (waiting) => waiting === wanted)
}

/** An account, and an open transaction that has changed it and waits. */
async function changing(
  t: Test,
  work: (transaction: Kysely<Tables>, id: string) => Promise<unknown>
) {
  const database = await (await make(t)).open()
  const person = { email: 'ada@example.com', passwordHash: 'hash', roles: [], scope: [] }
  const account = await accountStore(database).create(person, { source, clock })
  if (account === null) throw new Error('taken')
  await durableSessions(database, clock).open(account, 'one', opened, source, { amr: BY_PASSWORD })
  const isDone = Promise.withResolvers<void>()
  const mayEnd = Promise.withResolvers<void>()
  const change = database.transaction().execute(async (transaction) => {
    await work(transaction, account.id)
    isDone.resolve()
    await mayEnd.promise
  })
  await isDone.promise
  return {
    database,
    account,
    isWaiting: () => waitingIn(database, 1),
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
    const event = { kind: 'logout', subject, sid: 'one', source } as const
    const durable = durableSessions(database, clock)
    const ending = durable.end(event)
    t.equal(await isWaiting(), 1)
    await end()
    t.match(await ending, { known: true, changed: true })
    const again = await database.transaction().execute(async (transaction) => {
      await lockAccount(transaction, subject)
      return await durable.end(event)
    })
    t.match(again, { known: true, changed: false }, 'one that has ended waits for nothing')
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

t.test(
  'PostgreSQL: an address cannot be taken while its account is giving it up',
  { skip },
  async (t) => {
    const { database, account, end } = await changing(t, async (transaction, id) => {
      const left = { token: newToken(), purpose: 'email-undo', lifetimeSeconds: 60 } as const
      const owner = { id, email: 'ada@example.com', passwordVersion: 0 }
      await issueToken(transaction, { ...left, owner }, clock())
      const update = transaction.updateTable('accounts').set({ email: 'thief@example.net' })
      await update.where('id', '=', id).execute()
    })
    const { email } = account
    const accounts = accountStore(database)
    const person = { passwordHash: 'hash', roles: [], scope: [] }
    const by = { source, clock }
    const eve = await accounts.create({ ...person, email: 'eve@example.com' }, by)
    if (eve === null) throw new Error('taken')
    const token = newToken()
    const owner = { id: eve.id, email, passwordVersion: 0 }
    const issued = { token, purpose: 'email-change', owner, lifetimeSeconds: 60 } as const
    await issueToken(database, { ...issued, payload: eve.email }, clock())
    const changes = emailChanges({
      db: database,
      mail: { add: async () => {}, request: async () => {} },
      resetSeconds: 60,
      clock
    })

    const created = accounts.create({ ...person, email }, by)
    const stale = () => ({ before: 7, until: 9 })
    const confirmed = t.rejects(changes.confirm(token, { ...by, stale, language: 'en' }), {
      code: 'FORBIDDEN'
    })
    t.equal(await waitingIn(database, 2), 2)
    await end()
    t.equal(await created, null)
    await confirmed
    t.equal(await accounts.findByEmail(email), null)
  }
)
