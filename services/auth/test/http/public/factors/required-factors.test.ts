import { Refusal } from '@gatehouse/problem/refusal'
import { decodeJwt } from 'jose'
import t from 'tap'
import {
  authService,
  email,
  OPS_TOKEN,
  password,
  registered,
  signedIn
} from '../../../fixtures/auth-service.ts'
import { isProblem } from '../../../fixtures/problem.ts'
import {
  answered,
  authenticator,
  challenged,
  headersOf,
  withFactor
} from '../../../fixtures/second-factor.ts'

t.test('where a second factor is required of a role, the first login adds one', async (t) => {
  const auth = await authService(t, { secondFactorRoles: 'admin auditor' })
  const { tokens } = await signedIn(auth)
  const { refreshToken } = tokens
  const given = await auth.ops.inject({
    method: 'PUT',
    url: `/ops/users/${encodeURIComponent(email)}/roles`,
    headers: { authorization: `Bearer ${OPS_TOKEN}` },
    payload: { roles: ['user', 'auditor'] }
  })
  t.equal(given.statusCode, 200)
  const kept = await auth.post('/refresh-token', { refreshToken })
  t.equal(kept.json().code, 'SESSION_ENDED', 'no session without the factor gets the role')
  const asked = (await auth.post('/login', { email, password })).json()
  t.match(asked, { code: 'FACTOR_REQUIRED', factors: [] })
  const { challenge } = asked
  const nothing = await answered(auth, { challenge, totp: '123456' })
  t.equal(nothing.json().code, 'FACTOR_REQUIRED', 'no authenticator was added')
  const added = await auth.post('/login/factor/enrol', { challenge })
  t.equal(added.statusCode, 201)
  const app = authenticator(auth, { id: added.json().factor.id, secret: added.json().secret })
  const opened = await answered(auth, { challenge, totp: app.code() })
  t.equal(opened.statusCode, 200)
  const { accessToken, recoveryCodes, session } = opened.json()
  t.equal(recoveryCodes.length, 10)
  const { amr, sub = '' } = decodeJwt(accessToken)
  t.strictSame(amr, ['pwd', 'otp', 'mfa'])
  t.equal((await answered(auth, { challenge, totp: app.next() })).statusCode, 401, 'used')
  const next = await challenged(auth)
  const taken = await auth.post('/login/factor/enrol', { challenge: next })
  t.match(taken.json(), { code: 'FACTOR_REQUIRED', factors: ['totp', 'recoveryCode'] })
  const headers = await headersOf(auth, { id: sub }, { session })
  const removed = await auth.service.inject({
    method: 'DELETE',
    url: `/factors/${app.id}`,
    headers
  })
  isProblem(t, removed, {
    code: 'CONFLICT',
    detail: 'the account must have a second factor: add another one first'
  })
})

t.test(
  'an outage of the session store stores no first factor, or says that it is stored',
  async (t) => {
    const failing = new Set<'ping' | 'open'>()
    const outage = () => {
      throw new Refusal('UNAVAILABLE', { reason: 'no answer', headers: { 'retry-after': '1' } })
    }
    const auth = await authService(t, {
      secondFactorRoles: 'user',
      families: (real) => ({
        ...real,
        ping: async () => (failing.has('ping') ? outage() : real.ping()),
        open: async (...of) => (failing.has('open') ? outage() : real.open(...of))
      })
    })
    await registered(auth)
    const { challenge } = (await auth.post('/login', { email, password })).json()
    const { factor, secret } = (await auth.post('/login/factor/enrol', { challenge })).json()
    const app = authenticator(auth, { id: factor.id, secret })

    failing.add('ping')
    t.match((await answered(auth, { challenge, totp: app.code() })).json(), { code: 'UNAVAILABLE' })
    failing.clear()
    failing.add('open')
    isProblem(t, await answered(auth, { challenge, totp: app.code() }), {
      code: 'UNAUTHENTICATED',
      detail: 'the factor was added, but the session could not be opened: sign in with the factor'
    })
    failing.clear()
    const next = await challenged(auth)
    t.equal((await answered(auth, { challenge: next, totp: app.next() })).statusCode, 200)
  }
)

t.test(
  'where second factors are off, none is added, and those that exist are asked for',
  async (t) => {
    const auth = await authService(t, { secondFactor: 'off' })
    const { user, tokens } = await signedIn(auth)
    const headers = await headersOf(auth, user, tokens)
    isProblem(t, await auth.post('/factors', { type: 'totp' }, headers), {
      code: 'FORBIDDEN',
      detail: 'second factors are turned off'
    })
    // It was added while the setting had another value.
    await auth.database.updateTable('accounts').set({ factors: 1 }).execute()
    t.match((await auth.post('/login', { email, password })).json(), {
      code: 'FACTOR_REQUIRED',
      factors: ['totp']
    })
  }
)

t.test(
  'an unverified address cannot have a factor, with which a stranger would lock it',
  async (t) => {
    const auth = await authService(t, { emailVerification: 'optional', secondFactorRoles: 'admin' })
    const { user, tokens } = await signedIn(auth)
    const headers = await headersOf(auth, user, tokens)
    isProblem(t, await auth.post('/factors', { type: 'totp' }, headers), {
      code: 'FORBIDDEN',
      detail: 'verify the e-mail address first'
    })
    await auth.database.updateTable('accounts').set({ roles: '["admin"]' }).execute()
    isProblem(t, await auth.post('/login', { email, password }), {
      code: 'FORBIDDEN',
      detail: 'verify the e-mail address first'
    })
  }
)

t.test('a login by cookie gets its cookies only with the second factor', async (t) => {
  const auth = await authService(t)
  const { app, codes } = await withFactor(auth)
  const page = { 'sec-fetch-site': 'same-origin' }
  const started = await auth.post('/login', { email, password, delivery: 'cookie' }, page)
  t.strictSame(started.cookies, [], 'no cookie with the password alone')
  const { challenge } = started.json()
  const foreign = { 'sec-fetch-site': 'cross-site' }
  t.equal((await answered(auth, { challenge, totp: app.next() }, foreign)).statusCode, 403)
  const opened = await answered(auth, { challenge, totp: app.code() }, page)
  t.equal(opened.json().refreshToken, undefined)
  t.strictSame(opened.cookies.map(({ name }) => name).sort(), ['__Host-device', '__Host-refresh'])
  for (const body of [{}, { totp: '123456', recoveryCode: codes[0] ?? '' }]) {
    isProblem(t, await answered(auth, { challenge: 'x', ...body }), {
      code: 'INVALID_REQUEST',
      detail:
        'body must have exactly one of passkey, totp and recoveryCode; a first authenticator is confirmed with totp'
    })
  }
})
