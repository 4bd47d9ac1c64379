import { randomUUID } from 'node:crypto'
import { shownCode } from '@gatehouse/fixtures/authenticator'
import { testClock } from '@gatehouse/fixtures/clock'
import { Refusal } from '@gatehouse/problem/refusal'
import type { Kysely } from 'kysely'
import t from 'tap'
import type { Account } from '../../src/accounts/account.ts'
import { accountStore } from '../../src/accounts/account-store.ts'
import { auditLog } from '../../src/audit/audit-log.ts'
import type { Tables } from '../../src/database/tables.ts'
import type { FactorAnswer } from '../../src/factors/factor-methods.ts'
import { factors } from '../../src/factors/factors.ts'
import { resealFactors } from '../../src/factors/totp/totp-factors.ts'
import { parseKeyRing } from '../../src/secrets/key-ring.ts'
import { randomSecret } from '../../src/secrets/secrets.ts'
import { durableSessions } from '../../src/sessions/durable/durable-sessions.ts'
import { memoryGuessStores } from '../../src/throttling/counts/memory-guess-counts.ts'
import { guesses } from '../../src/throttling/guesses.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { source } from '../fixtures/families/family-steps.ts'
import { opening } from '../fixtures/families/stores.ts'

const clock = testClock()
const sealing = [Buffer.alloc(32, 7)] as const
const language = 'en'
const change = { source, clock, language }

/** One of two processes on a database. Each counts guesses alone. */
function instance(db: Kysely<Tables>) {
  const ring = parseKeyRing(`7:${randomSecret()}`)
  const own = factors({
    db,
    sealing,
    guesses: guesses(memoryGuessStores(clock), ring),
    audit: auditLog(db, clock),
    mail: { add: async () => {} },
    metrics: { factorAnswered: () => {} },
    policy: { mode: 'optional', roles: [] },
    issuer: 'Example',
    clock
  })
  const durable = durableSessions(db, clock)
  const caller = { email: 'x', network: '192.0.2.1', device: null, credential: null }

  /** The challenge of a login with the right password, or the code of the problem. */
  const login = async (challenge: string, answer: FactorAnswer): Promise<string> => {
    try {
      const waiting = await own.waiting(challenge)
      const proven = await own.answer(waiting, answer, { caller, source, language })
      const now = Math.floor(clock() / 1000)
      const opened = { ...opening, openedAt: now, expiresAt: now + 1000 }
      const details = { within: proven.use }
      await durable.open(waiting.account, randomUUID(), opened, source, details)
      return 'open'
    } catch (error) {
      if (error instanceof Refusal) return error.code
      throw error
    }
  }
  return { ...own, login, durable, accounts: accountStore(db) }
}

async function challengeOf({ challenge }: ReturnType<typeof instance>, account: Account) {
  const { members } = await challenge(account, 'body', source)
  return String(members.challenge)
}

for (const { name, skip, make } of databaseKinds) {
  t.test(`${name}: of simultaneous logins with one code, one succeeds`, { skip }, async (t) => {
    const database = await make(t)
    const one = instance(await database.open())
    const other = instance(await database.open())
    const created = await one.accounts.create(
      { email: 'ada@example.com', passwordHash: '', roles: [], scope: [] },
      change
    )
    const id = created?.id ?? ''
    const current = async () => {
      const account = await one.accounts.findById(id)
      if (account === null) throw new Error('no account')
      return account
    }
    const nowSeconds = Math.floor(clock() / 1000)
    const opened = { ...opening, openedAt: nowSeconds, expiresAt: nowSeconds + 86_400 }
    await one.durable.open(await current(), 'sid', opened, source, {})
    const { row, secret } = await one.add(await current(), { name: 'Phone', sid: null })
    const code = () => shownCode(secret, clock())
    const confirm = (at: typeof one) =>
      current().then((account) =>
        at.confirm(account, { id: row.id, code: code(), sid: 'sid' }, change).then(
          ({ recoveryCodes }) => recoveryCodes ?? [],
          () => null
        )
      )
    const confirmed = await Promise.all([confirm(one), confirm(other)])
    const [codes = []] = confirmed.filter((given) => given !== null)
    t.equal(confirmed.filter((given) => given !== null).length, 1, 'it is confirmed once')
    t.equal((await current()).factors, 1)

    /** Each process gets the answer twice, with one challenge per login, or one for all. */
    const race = async (answer: FactorAnswer, isShared: boolean): Promise<number> => {
      const account = await current()
      const shared = await challengeOf(one, account)
      const tries = [one, other, one, other].map(async (at) =>
        at.login(isShared ? shared : await challengeOf(one, account), answer)
      )
      const outcomes = await Promise.all(tries)
      return outcomes.filter((outcome) => outcome === 'open').length
    }
    clock.advance(30_000)
    t.equal(await race({ method: 'totp', code: code() }, false), 1, 'a code of the app')
    t.equal(await race({ method: 'totp', code: code() }, false), 0, 'it was used')
    clock.advance(30_000)
    t.equal(await race({ method: 'totp', code: code() }, true), 1, 'one challenge')
    // The attempts that lost have counted as guesses.
    clock.advance(5 * 3_600_000)
    const [first = ''] = codes
    t.equal(await race({ method: 'recoveryCode', code: first }, false), 1, 'a recovery code')
    t.equal((await one.list(id)).recoveryCodes, 9)

    const added = async (account: Account) => {
      const { row, secret } = await one.add(account, { name: 'Tablet', sid: 'sid' })
      const code = shownCode(secret, clock())
      return await one.confirm(account, { id: row.id, code, sid: 'sid' }, change)
    }
    for (let factors = 1; factors < 4; factors += 1) await added(await current())
    const before = await current()
    await added(before)
    await t.rejects(added(before), { code: 'CONFLICT' }, 'a sixth factor, begun with four')
    t.equal((await current()).factors, 5)

    const db = await database.open()
    const newer = Buffer.alloc(32, 8)
    const older = await db.selectFrom('factors').select('sealed_secret').executeTakeFirstOrThrow()
    t.notOk(older.sealed_secret.includes(secret), 'the secret is sealed')
    t.equal(await resealFactors(db, [newer, ...sealing]), 6, 'a new key encrypts all of them again')
    t.equal(await resealFactors(db, [newer]), 0, 'so that the older key can go')
    await t.rejects(resealFactors(db, sealing), /AUTH_KEY_ENCRYPTION_KEY/)
  })
}
