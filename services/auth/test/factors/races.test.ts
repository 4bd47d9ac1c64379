import { randomUUID } from 'node:crypto'
import { shownCode } from '@gatehouse/fixtures/authenticator'
import { testClock } from '@gatehouse/fixtures/clock'
import { passkeyDevice } from '@gatehouse/fixtures/passkey-device'
import { Refusal } from '@gatehouse/problem/refusal'
import type { Kysely } from 'kysely'
import t from 'tap'
import type { Account } from '../../src/accounts/account.ts'
import { accountStore } from '../../src/accounts/account-store.ts'
import { auditLog } from '../../src/audit/audit-log.ts'
import type { Tables } from '../../src/database/tables.ts'
import type { FactorAnswer } from '../../src/factors/factor-methods.ts'
import { factors } from '../../src/factors/factors.ts'
import type { ProvenLogin } from '../../src/factors/login/answer-challenge.ts'
import type { PasskeyAssertion } from '../../src/factors/passkeys/passkey-assertion.ts'
import { resealFactors } from '../../src/factors/totp/totp-factors.ts'
import { noteIdentityUse } from '../../src/providers/identities/identity-store.ts'
import { parseKeyRing } from '../../src/secrets/key-ring.ts'
import { randomSecret } from '../../src/secrets/secrets.ts'
import { BY_PASSWORD } from '../../src/sessions/authentication.ts'
import { durableSessions } from '../../src/sessions/durable/durable-sessions.ts'
import { memoryGuessStores } from '../../src/throttling/counts/memory-guess-counts.ts'
import { guesses } from '../../src/throttling/guesses.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { source } from '../fixtures/families/family-steps.ts'
import { opening } from '../fixtures/families/stores.ts'

const clock = testClock()
const ring = parseKeyRing(`7:${randomSecret()}`)
const sealing = [Buffer.alloc(32, 7)] as const
const language = 'en'
const origin = 'https://app.example'
const change = { source, clock, language }

/** One of two processes on a database. Each counts guesses alone. */
function instance(db: Kysely<Tables>) {
  const own = factors({
    db,
    sealing,
    guesses: guesses(memoryGuessStores(clock), ring),
    audit: auditLog(db, clock),
    mail: { add: async () => {} },
    marks: { change: async () => {} },
    metrics: { factorAnswered: () => {}, counterRegressed: () => {} },
    policy: { mode: 'optional', roles: [] },
    passkeys: { mode: 'login', party: { id: 'app.example', origins: [origin] } },
    ring,
    noteIdentityUse,
    issuer: 'Example',
    clock
  })
  const durable = durableSessions(db, clock)
  const caller = { email: 'x', network: '192.0.2.1', device: null, credential: null }
  const by = { caller, source, language }

  /** Whether a session is open, or the code of the problem. */
  const outcome = async (prove: () => Promise<readonly [Account, ProvenLogin]>) => {
    try {
      const [account, proven] = await prove()
      const now = Math.floor(clock() / 1000)
      const opened = { ...opening, openedAt: now, expiresAt: now + 1000 }
      await durable.open(account, randomUUID(), opened, source, {
        amr: BY_PASSWORD,
        within: [proven.use]
      })
      return 'open'
    } catch (error) {
      if (error instanceof Refusal) return error.code
      throw error
    }
  }
  const login = (challenge: string, answer: FactorAnswer) =>
    outcome(async () => {
      const waiting = await own.waiting(challenge)
      return [waiting.account, await own.answer(waiting, answer, by)]
    })
  const loginAlone = (assertion: PasskeyAssertion) =>
    outcome(async () => {
      const account = await own.claimedByPasskey(assertion, source)
      return [account, await own.answerByPasskey(account, assertion, by)]
    })
  return { ...own, login, loginAlone, durable, accounts: accountStore(db) }
}

async function challengeOf({ challenge }: ReturnType<typeof instance>, account: Account) {
  const first = { delivery: 'body', amr: BY_PASSWORD, identity: null } as const
  const { members } = await challenge(account, first, source)
  return String(members.challenge)
}

/** An account with the session `sid`. */
async function withSession({ accounts, durable }: ReturnType<typeof instance>) {
  const created = await accounts.create(
    { email: 'ada@example.com', passwordHash: '', roles: [], scope: [] },
    change
  )
  const id = created?.id ?? ''
  const current = async () => {
    const account = await accounts.findById(id)
    if (account === null) throw new Error('no account')
    return account
  }
  const nowSeconds = Math.floor(clock() / 1000)
  const opened = { ...opening, openedAt: nowSeconds, expiresAt: nowSeconds + 86_400 }
  await durable.open(await current(), 'sid', opened, source, { amr: BY_PASSWORD })
  return { id, current }
}

for (const { name, skip, make } of databaseKinds) {
  t.test(`${name}: of simultaneous logins with one code, one succeeds`, { skip }, async (t) => {
    const database = await make(t)
    const one = instance(await database.open())
    const other = instance(await database.open())
    const { id, current } = await withSession(one)
    const { factor, secret } = await one.add(await current(), { name: 'Phone', sid: null })
    const code = () => shownCode(secret, clock())
    const confirm = (at: typeof one) =>
      current().then((account) =>
        at.confirm(account, { id: factor.id, code: code(), sid: 'sid' }, change).then(
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
      const { factor, secret } = await one.add(account, { name: 'Tablet', sid: 'sid' })
      const code = shownCode(secret, clock())
      return await one.confirm(account, { id: factor.id, code, sid: 'sid' }, change)
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

  t.test(
    `${name}: of simultaneous uses of one passkey challenge, one succeeds`,
    { skip },
    async (t) => {
      const database = await make(t)
      const one = instance(await database.open())
      const other = instance(await database.open())
      const { id, current } = await withSession(one)
      const device = passkeyDevice({ origin })
      const account = await current()
      const given = device.create(await one.askForPasskey(account, 'sid'))
      const add = (at: typeof one) =>
        at.addPasskey(account, { name: 'Laptop', sid: 'sid', given }, change).then(
          () => 'added',
          ({ code }) => code
        )
      const added = await Promise.all([add(one), add(other), add(one)])
      t.strictSame(added.sort(), ['INVALID_REQUEST', 'INVALID_REQUEST', 'added'], 'a registration')
      t.equal((await current()).factors, 1)

      const assertion = device.get(one.askForLogin())
      const race = async (assertions: readonly PasskeyAssertion[]) => {
        const tries = assertions.map((each, index) =>
          (index % 2 === 0 ? one : other).loginAlone(each)
        )
        return (await Promise.all(tries)).filter((outcome) => outcome === 'open').length
      }
      t.equal(await race([assertion, assertion, assertion, assertion]), 1, 'a login')
      t.equal(await race([assertion]), 0, 'it was used')
      clock.advance(5 * 3_600_000)
      const twins = [5, 5, 5, 5].map((counter) => device.get(one.askForLogin(), { counter }))
      t.equal(await race(twins), 1, 'copies of one key, which have the same counter')

      const challenge = await challengeOf(one, await current())
      const { passkey } = (await one.waiting(challenge)).shown
      if (passkey === undefined) throw new Error('no options')
      const counter = 9
      const answer = { method: 'passkey', assertion: device.get(passkey, { counter }) } as const
      const tries = [one, other, one, other].map((at) => at.login(challenge, answer))
      const opened = (await Promise.all(tries)).filter((outcome) => outcome === 'open')
      t.equal(opened.length, 1, 'a second factor')
      t.match((await one.list(id)).factors, [{ kind: 'passkey', name: 'Laptop', backedUp: false }])
    }
  )
}
