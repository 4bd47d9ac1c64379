import { randomBytes, randomUUID } from 'node:crypto'
import { testClock } from '@gatehouse/fixtures/clock'
import type { Revocation } from '@gatehouse/revocation/revocation'
import { decodeJwt } from 'jose'
import type { Kysely } from 'kysely'
import t, { type Test } from 'tap'
import { accountStore } from '../../src/accounts/account-store.ts'
import { accountChanges } from '../../src/accounts/changes/account-changes.ts'
import { ROWS_PER_STATEMENT } from '../../src/database/statements/rows-per-statement.ts'
import type { Tables } from '../../src/database/tables.ts'
import { longestTokenSeconds } from '../../src/keys/longest-token-seconds.ts'
import { generateSigningKey } from '../../src/keys/signing-key.ts'
import { signingKeyStore } from '../../src/keys/store/signing-key-store.ts'
import { storeUnavailable } from '../../src/refusals.ts'
import type { RevocationWriter } from '../../src/revocations/revocation-log.ts'
import { noteStale, staleTokens } from '../../src/revocations/stale-tokens.ts'
import { authService, login, OPS_TOKEN, signedIn } from '../fixtures/auth-service.ts'
import { databaseKinds, sqliteKind } from '../fixtures/database/databases.ts'
import { source } from '../fixtures/families/family-steps.ts'
import { otherRevocations } from '../fixtures/families/stores.ts'
import { clientWithSecret } from '../fixtures/oauth/oauth-client.ts'

async function operating(t: Test) {
  const auth = await authService(t)
  const headers = { authorization: `Bearer ${OPS_TOKEN}` }
  const call = (method: 'POST' | 'PUT', url: string, payload?: object) =>
    auth.ops.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
  const isStale = async (token: string): Promise<boolean> => {
    const { sub, iat = 0 } = decodeJwt(token)
    return (await otherRevocations(auth.store)).some(
      (entry) => entry.kind === 'subject' && entry.id === sub && iat < entry.before
    )
  }
  return { auth, call, isStale }
}

t.test('a change of roles makes earlier tokens stale, and no later one', async (t) => {
  const { auth, call, isStale } = await operating(t)
  const { user, tokens } = await signedIn(auth)
  t.notOk(await isStale(tokens.accessToken))

  const answer = await call('PUT', `/ops/users/${user.id}/roles`, { roles: ['admin'] })
  t.equal(answer.statusCode, 200)
  t.ok(await isStale(tokens.accessToken), 'of the same second, too')

  const { refreshToken } = tokens
  const { accessToken } = (await auth.post('/refresh-token', { refreshToken })).json()
  t.notOk(await isStale(accessToken), 'a refresh is enough, in the same second')
  t.match(decodeJwt(accessToken), { roles: ['admin'] })
  t.notOk(await isStale((await login(auth)).accessToken), 'or a login')
  const [entry] = await otherRevocations(auth.store)
  const { exp = 0 } = decodeJwt(tokens.accessToken)
  t.ok((entry?.until ?? 0) > exp, 'it is remembered until the last of them has expired')
})

t.test('the tokens of a disabled user or machine client are stale', async (t) => {
  const { auth, call, isStale } = await operating(t)
  const { user, tokens } = await signedIn(auth)
  await call('POST', `/ops/users/${user.id}/disable`)
  t.ok(await isStale(tokens.accessToken))

  const { id, authorized } = await clientWithSecret(auth)
  const granted = () =>
    auth.post('/oauth/token', 'grant_type=client_credentials', {
      ...authorized,
      'content-type': 'application/x-www-form-urlencoded'
    })
  const token = (await granted()).json().access_token
  t.equal((await call('POST', `/ops/clients/${id}/disable`)).statusCode, 200)
  t.ok(await isStale(token))
  await call('POST', `/ops/clients/${id}/enable`)
  t.notOk(await isStale((await granted()).json().access_token), 'a new one after it is enabled')
})

/** Instances that share a database and a revocation log, and the entries of that log. */
function publishing(database: Kysely<Tables>, clock: () => number) {
  const log: { fault: Error | null } = { fault: null }
  const told: Revocation[] = []
  const revocations: RevocationWriter = {
    async append(entry) {
      if (log.fault !== null) throw log.fault
      told.push(entry)
    }
  }
  const instance = (lifetimeSeconds = 300) =>
    staleTokens({
      db: database,
      revocations,
      longestTokenSeconds: () => longestTokenSeconds(database),
      lifetimeSeconds,
      clock
    })
  return { log, told, instance }
}

async function ada(database: Kysely<Tables>, clock: () => number) {
  const accounts = accountStore(database)
  const empty = { passwordHash: '', roles: [], scope: [] }
  const account = await accounts.create({ email: 'ada@example.com', ...empty }, { source, clock })
  return { accounts, changes: accountChanges(database), id: account?.id ?? '' }
}

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: stale tokens that gateways did not learn of are published later`,
    { skip },
    async (t) => {
      const database = await (await make(t)).open()
      const clock = testClock()
      const { accounts, changes, id } = await ada(database, clock)
      const { log, told, instance } = publishing(database, clock)
      log.fault = storeUnavailable(new Error('the store is down'))
      const stale = instance()
      const change = stale.now()
      await changes.setRoles(id, ['admin'], { stale: () => change, source, clock })
      await t.rejects(stale.publishNoted(), { code: 'UNAVAILABLE', status: 503 })
      t.match(await accounts.findById(id), { roles: ['admin'], tokensNotBefore: change.before })

      log.fault = new TypeError('a bug')
      await t.rejects(stale.publishNoted(), log.fault, 'an internal error is no outage')
      clock.advance(5000)
      const later = stale.now()
      await changes.disable(id, { stale: () => later, source, clock })
      log.fault = null
      await instance().publishNoted()
      const { until, before } = later
      t.strictSame(told, [{ kind: 'subject', id, until, before, version: 2 }], 'of two changes')
      await instance().publishNoted()
      t.equal(told.length, 1, 'once')
      await instance().republish()
      await instance().publishNoted()
      t.strictSame(told[1], told[0], 'and again, if the log may have lost it')
    }
  )
  t.test(`${name}: of changes by two clocks, the stricter one counts`, { skip }, async (t) => {
    const database = await (await make(t)).open()
    const clock = testClock()
    const { accounts, changes, id } = await ada(database, clock)
    const { told, instance } = publishing(database, clock)
    const stale = instance()
    const ahead = stale.now()
    clock.advance(-5000)
    await changes.setRoles(id, ['admin'], { stale: () => ahead, source, clock })
    await changes.setRoles(id, ['auditor'], { stale: stale.now, source, clock })
    t.match(await accounts.findById(id), { roles: ['auditor'], tokensNotBefore: ahead.before })
    await changes.disable(id, { stale: stale.now, source, clock })
    t.match(await accounts.findById(id), { disabled: true, tokensNotBefore: ahead.before })
    await stale.publishNoted()
    t.match(told, [{ kind: 'subject', id, before: ahead.before }])
  })

  t.test(
    `${name}: tokens issued before the lifetime was reduced stay stale`,
    { skip },
    async (t) => {
      const database = await (await make(t)).open()
      const clock = testClock()
      const [LONG, SHORT] = [3600, 60]
      const keys = signingKeyStore(database, [randomBytes(32)], clock)
      const key = await generateSigningKey('ES256', 'active')
      await keys.insert(key, clock())
      // An instance does this before it issues the first token with this lifetime.
      await keys.noteTokenLife(key.kid, LONG)
      await keys.noteTokenLife(key.kid, SHORT)

      const { told, instance } = publishing(database, clock)
      const stale = instance(SHORT)
      const client = randomUUID()
      const change = stale.now()
      await database.transaction().execute((changing) => noteStale(changing, client, change, 1))
      await stale.makeAllStale(change.before + 1, source)
      await stale.publishNoted()
      const last = clock() / 1000 + LONG
      const all = told.map(({ kind, id, until }) => ({ kind, id, outlives: until > last }))
      t.strictSame(
        all.sort((a, b) => a.kind.localeCompare(b.kind)),
        [
          { kind: 'everything', id: 'everything', outlives: true },
          { kind: 'subject', id: client, outlives: true }
        ]
      )
    }
  )

  t.test(`${name}: revoke-all is stored before it is published`, { skip }, async (t) => {
    const database = await (await make(t)).open()
    const clock = testClock()
    const { log, told, instance } = publishing(database, clock)
    log.fault = storeUnavailable(new Error('the store is down'))
    t.equal(await instance().allNotBefore(), 0)
    const before = clock() / 1000
    await instance().makeAllStale(before, source)
    await instance().makeAllStale(before - 10, source)
    t.equal(await instance().allNotBefore(), before, 'the strictest counts')
    await t.rejects(instance().publishNoted(), { code: 'UNAVAILABLE', status: 503 })
    log.fault = null
    await instance().publishNoted()
    t.match(told, [{ kind: 'everything', id: 'everything', before }])
  })
}

t.test('hundreds of changes that gateways did not learn of delay no other change', async (t) => {
  const database = await (await sqliteKind.make(t)).open()
  const { told, instance } = publishing(database, testClock())
  const stale = instance()
  const note = (subject: string) => ({ subject, before: 1, until: 2, rights_version: 1 })
  const others = Array.from({ length: ROWS_PER_STATEMENT }, (_, index) => note(`other ${index}`))
  await database.insertInto('untold_stale_tokens').values(others).execute()
  const own = { before: 3, until: 4 }
  await noteStale(database, 'own', own, 1)
  await noteStale(database, 'later', own, 1)
  await stale.publish('own')
  t.match(told, [{ id: 'own' }])
  await stale.publishNoted()
  t.equal(told.length, 1 + ROWS_PER_STATEMENT, 'a round has an end')
  await stale.publishNoted()
  t.match(told.at(-1), { id: 'later' })
})
