import { passkeyDevice } from '@gatehouse/fixtures/passkey-device'
import { decodeJwt } from 'jose'
import t from 'tap'
import { ALLOWED_ORIGIN, RP_ID } from '../../../fixtures/auth-config.ts'
import {
  audited,
  authService,
  email,
  login,
  OPS_TOKEN,
  password,
  signedIn
} from '../../../fixtures/auth-service.ts'
import { memoryTransport } from '../../../fixtures/mail/mail-instance.ts'
import { addPasskey, loginAlone, stepUp, withPasskey } from '../../../fixtures/passkey.ts'
import { isProblem } from '../../../fixtures/problem.ts'
import { answered, challenged, enrol, headersOf } from '../../../fixtures/second-factor.ts'

const transport = memoryTransport()
/** One service; each test has an account of its own. */
const auth = await authService(t, { mail: { transport } })

const authentication = (accessToken: string) => {
  const { sub, acr, amr, auth_time } = decodeJwt(accessToken)
  return { sub, acr, amr, auth_time }
}
const seconds = () => Math.floor(auth.clock() / 1000)

t.test('a user adds a passkey, and it is asked for after the password', async (t) => {
  const who = 'ada@example.com'
  const { user, tokens } = await signedIn(auth, who)
  const other = await login(auth, who)
  const headers = await headersOf(auth, user, tokens)
  const options = (await auth.post('/factors/passkeys/options', undefined, headers)).json()
  t.match(options, {
    rp: { id: RP_ID, name: 'Example' },
    user: { id: Buffer.from(user.id).toString('base64url'), name: who },
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    attestation: 'none',
    excludeCredentials: []
  })
  const device = passkeyDevice({ origin: ALLOWED_ORIGIN })
  const added = await auth.post(
    '/factors/passkeys',
    { passkey: device.create(options), name: 'Laptop' },
    headers
  )
  t.equal(added.statusCode, 201, added.body)
  const { factor, recoveryCodes } = added.json()
  t.match(factor, { type: 'passkey', name: 'Laptop', lastUsedAt: null, backedUp: false })
  t.equal(recoveryCodes.length, 10, 'the first factor comes with recovery codes')
  const ended = await auth.post('/refresh-token', { refreshToken: other.refreshToken })
  isProblem(t, ended, { code: 'SESSION_ENDED' }, 'a session of the password alone')
  const own = await auth.post('/refresh-token', { refreshToken: tokens.refreshToken })
  const both = { acr: 'aal2', amr: ['pwd', 'hwk', 'user', 'mfa'] }
  t.match(authentication(own.json().accessToken), both, 'its own session has proved both')

  auth.clock.advance(60_000)
  const asked = (await auth.post('/login', { email: who, password })).json()
  t.match(asked, {
    code: 'FACTOR_REQUIRED',
    factors: ['passkey', 'recoveryCode'],
    passkey: {
      rpId: RP_ID,
      userVerification: 'preferred',
      allowCredentials: [{ type: 'public-key', transports: ['internal', 'hybrid'] }]
    }
  })
  const passkey = device.get(asked.passkey, { verified: false, userHandle: null })
  const opened = await auth.post('/login/factor', { challenge: asked.challenge, passkey })
  t.equal(opened.statusCode, 200, opened.body)
  t.strictSame(authentication(opened.json().accessToken), {
    sub: user.id,
    ...both,
    auth_time: seconds()
  })
  const { factors } = (await auth.get('/factors', headers)).json()
  t.match(factors, [{ id: factor.id, lastUsedAt: new Date(seconds() * 1000).toISOString() }])
  const recovered = { challenge: await challenged(auth, who), recoveryCode: recoveryCodes[0] }
  t.equal((await answered(auth, recovered)).statusCode, 200, 'a recovery code replaces it')
  await auth.mail.deliverer.idle()
  const letters = transport.sent.filter(({ to }) => to === who).map(({ letter }) => letter)
  t.strictSame(letters, ['factor-added', 'recovery-code-used'])
})

t.test('a passkey that has verified its user opens a session without a password', async (t) => {
  const synced = passkeyDevice({ origin: ALLOWED_ORIGIN, synced: true })
  const { user, headers, who } = await withPasskey(auth, 'alone@example.com', synced)
  const options = (await auth.post('/login/passkey/options')).json()
  t.match(options, { rpId: RP_ID, allowCredentials: [], userVerification: 'required' })
  const page = { 'sec-fetch-site': 'same-origin' }
  const body = { passkey: synced.get(options), delivery: 'cookie' }
  const foreign = await auth.post('/login/passkey', body, { 'sec-fetch-site': 'cross-site' })
  t.equal(foreign.statusCode, 403, 'not from a page of another site')
  const byCookie = await auth.post('/login/passkey', body, page)
  t.equal(byCookie.statusCode, 200, byCookie.body)
  t.strictSame(byCookie.cookies.map(({ name }) => name).sort(), ['__Host-device', '__Host-refresh'])
  const opened = await loginAlone(auth, synced)
  const alone = { sub: user.id, acr: 'aal2', amr: ['swk', 'user', 'mfa'], auth_time: seconds() }
  t.strictSame(authentication(opened.json().accessToken), alone)
  t.match((await auth.get('/factors', headers)).json().factors, [{ backedUp: true }])

  const own = await headersOf(auth, user, opened.json())
  const { app } = await enrol(auth, own)
  t.match((await auth.post('/login', { email: who, password })).json(), {
    factors: ['passkey', 'totp', 'recoveryCode']
  })
  auth.clock.advance(3_600_000)
  const { refreshToken } = opened.json()
  t.equal((await auth.post('/step-up', { totp: app.code() }, own)).statusCode, 204)
  const first = (await auth.post('/refresh-token', { refreshToken })).json()
  const raised = { ...alone, amr: ['swk', 'user', 'otp', 'mfa'], auth_time: seconds() }
  t.strictSame(authentication(first.accessToken), raised, 'no password was used')
  auth.clock.advance(3_600_000)
  t.equal((await stepUp(auth, own, synced)).statusCode, 204)
  const next = (await auth.post('/refresh-token', { refreshToken: first.refreshToken })).json()
  t.strictSame(authentication(next.accessToken), { ...raised, auth_time: seconds() })

  const events = (await audited(auth)).filter(({ subject }) => subject === user.id)
  const details = events.map(({ kind, detail }) => `${kind} ${detail}`)
  t.ok(details.includes('login {"amr":"swk user mfa"}'), 'the audit log says how')
  t.ok(details.includes('factor-added {"factor":"passkey","ended":0}'))
  const counted = await auth.registry.getSingleMetricAsString('auth_factor_answers_total')
  t.match(counted, 'factor="passkey_login",outcome="right"} 2')
})

t.test('a user has several passkeys, each with a name, and removes them', async (t) => {
  const { user, headers, device, id, who } = await withPasskey(auth, 'several@example.com')
  const again = await addPasskey(auth, headers, { device })
  isProblem(t, again.answer, { code: 'CONFLICT', detail: 'this passkey has already been added' })
  auth.clock.advance(1000)
  const second = await addPasskey(auth, headers, { name: 'Security key' })
  t.equal(second.answer.json().recoveryCodes, undefined, 'only the first comes with codes')
  const byOperator = { authorization: `Bearer ${OPS_TOKEN}`, host: 'auth.internal' }
  const url = `/ops/users/${user.id}/factors`
  const shown = await auth.ops.inject({ method: 'GET', url, headers: byOperator })
  t.match(shown.json().factors, [
    { type: 'passkey', name: 'Laptop' },
    { type: 'passkey', name: 'Security key' }
  ])
  const options = (await auth.post('/factors/passkeys/options', undefined, headers)).json()
  t.equal(options.excludeCredentials.length, 2, 'an authenticator makes no second one')
  t.equal((await loginAlone(auth, second.device)).statusCode, 200)

  const remove = (one: string) =>
    auth.service.inject({ method: 'DELETE', url: `/factors/${one}`, headers })
  t.equal((await remove(id)).statusCode, 204)
  t.equal((await remove(id)).statusCode, 404)
  t.match((await auth.get('/factors', headers)).json().factors, [{ name: 'Security key' }])
  t.match(
    await auth.ops.inject({ method: 'DELETE', url, headers: byOperator }).then((a) => a.json()),
    {
      removed: 1
    }
  )
  t.equal((await auth.post('/login', { email: who, password })).statusCode, 200, 'after a reset')
  t.equal((await loginAlone(auth, second.device)).statusCode, 401)
  t.strictSame(
    await auth.database.selectFrom('passkeys').where('subject', '=', user.id).selectAll().execute(),
    []
  )
})

t.test('passkeys can be only second factors, or not be added at all', async (t) => {
  const factorOnly = await authService(t, { passkeys: 'factor' })
  const owner = await withPasskey(factorOnly)
  const off = {
    code: 'FORBIDDEN',
    detail: 'this installation does not accept passkeys for this request'
  } as const
  isProblem(t, await factorOnly.post('/login/passkey/options'), off)
  const { passkey: options } = (
    await factorOnly.post('/login', { email: owner.who, password })
  ).json()
  const passkey = owner.device.get(options)
  isProblem(t, await factorOnly.post('/login/passkey', { passkey }), off)

  const none = await authService(t, { passkeys: 'off' })
  const { user, tokens } = await signedIn(none)
  const headers = await headersOf(none, user, tokens)
  isProblem(t, await none.post('/factors/passkeys/options', undefined, headers), off)
  isProblem(t, await none.post('/login/passkey/options'), off)
  // It was added while the setting had another value.
  const row = await factorOnly.database.selectFrom('passkeys').selectAll().executeTakeFirstOrThrow()
  await none.database
    .insertInto('passkeys')
    .values({ ...row, subject: user.id })
    .execute()
  await none.database.updateTable('accounts').set({ factors: 1 }).execute()
  const asked = (await none.post('/login', { email, password })).json()
  t.match(asked, { code: 'FACTOR_REQUIRED', factors: ['passkey'] })
  const assertion = owner.device.get(asked.passkey, { userHandle: null })
  const answer = { challenge: asked.challenge, passkey: assertion }
  t.equal((await none.post('/login/factor', answer)).statusCode, 200, 'it is still asked for')
})

t.test('a user renames an active factor, and no other one', async (t) => {
  const owner = await withPasskey(auth, 'renaming@example.com')
  const other = await withPasskey(auth, 'other-owner@example.com')
  const rename = (id: string, name: string) =>
    auth.service.inject({
      method: 'PATCH',
      url: `/factors/${id}`,
      headers: owner.headers,
      payload: { name }
    })
  const names = async () =>
    (await auth.get('/factors', owner.headers)).json().factors.map(({ name }: Named) => name)

  t.equal((await rename(owner.id, 'Work laptop')).statusCode, 204)
  t.strictSame(await names(), ['Work laptop'])
  const added = await auth.post('/factors', { type: 'totp' }, owner.headers)
  t.equal((await rename(added.json().factor.id, 'Phone')).statusCode, 404, 'not active')
  t.equal((await rename(other.id, 'Mine')).statusCode, 404, 'of another account')
  t.equal((await rename(owner.id, '')).statusCode, 400)
})

type Named = { readonly name: string }
