import { decodeJwt } from 'jose'
import t from 'tap'
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
import { isProblem } from '../../../fixtures/problem.ts'
import {
  answered,
  authenticator,
  challenged,
  enrol,
  headersOf,
  withFactor,
  wrongCodeOf
} from '../../../fixtures/second-factor.ts'

const operator = { authorization: `Bearer ${OPS_TOKEN}`, host: 'auth.internal' }

t.test('a user adds an authenticator, and every later login asks for its code', async (t) => {
  const transport = memoryTransport()
  const auth = await authService(t, { mail: { transport } })
  const { user, tokens } = await signedIn(auth)
  const other = await login(auth)
  const headers = await headersOf(auth, user, tokens)

  const added = await auth.post('/factors', { type: 'totp', name: 'Phone' }, headers)
  t.equal(added.statusCode, 201)
  const { factor, secret, uri, qr } = added.json()
  t.match(uri, new RegExp(`^otpauth://totp/Example:ada%40example.com\\?secret=${secret}&`))
  t.match(qr.dataUri, /^data:image\/png;base64,/)
  const empty = await auth.get('/factors', headers)
  t.strictSame(
    empty.json(),
    { factors: [], recoveryCodes: 0, hasPassword: true },
    'it does not count yet'
  )
  t.equal((await auth.post('/login', { email, password })).statusCode, 200, 'nor does login ask')

  const app = authenticator(auth, { id: factor.id, secret })
  const confirm = (totp: string, id = app.id) =>
    auth.post(`/factors/${id}/confirm`, { totp }, headers)
  isProblem(t, await confirm(wrongCodeOf(app)), {
    code: 'INVALID_REQUEST',
    detail: 'body/totp is not the current code of this authenticator'
  })
  isProblem(t, await confirm(app.code(), 'x'), {
    code: 'NOT_FOUND',
    detail: 'there is no such factor'
  })
  const first = app.code()
  const confirmed = await confirm(`${first.slice(0, 3)} ${first.slice(3)}`)
  const codes: string[] = confirmed.json().recoveryCodes
  t.equal(codes.length, 10)
  t.equal(new Set(codes).size, 10)
  t.ok(codes.every((code) => /^([a-z2-7]{4}-){3}[a-z2-7]{4}$/.test(code)))
  t.equal((await confirm(app.next())).statusCode, 404, 'it is confirmed once')
  const refused = await auth.post('/refresh-token', { refreshToken: other.refreshToken })
  isProblem(t, refused, { code: 'SESSION_ENDED' }, 'a session of the password alone')
  const own = await auth.post('/refresh-token', { refreshToken: tokens.refreshToken })
  t.strictSame(decodeJwt(own.json().accessToken).amr, ['pwd', 'otp', 'mfa'], 'its own continues')

  const answer = await auth.post('/login', { email, password })
  t.equal(answer.statusCode, 401)
  t.match(answer.json(), {
    type: 'urn:gatehouse:problem:factor-required',
    title: 'A second factor is needed',
    code: 'FACTOR_REQUIRED',
    retryable: false,
    challenge: /^[\w-]{43}$/,
    expiresIn: 300,
    factors: ['totp', 'recoveryCode']
  })
  const { challenge } = answer.json()
  auth.clock.advance(30_000)
  const wrong = await answered(auth, { challenge, totp: wrongCodeOf(app) })
  t.match(wrong.json(), { code: 'FACTOR_REQUIRED', challenge, expiresIn: 270 })
  const opened = await answered(auth, { challenge, totp: app.code() })
  t.equal(opened.statusCode, 200)
  const claims = decodeJwt(opened.json().accessToken)
  t.match(claims, { sub: user.id, amr: ['pwd', 'otp', 'mfa'] })
  auth.clock.advance(60_000)
  const next = await auth.post('/refresh-token', { refreshToken: opened.json().refreshToken })
  const later = decodeJwt(next.json().accessToken)
  t.match(
    later,
    { amr: ['pwd', 'otp', 'mfa'], auth_time: claims.auth_time },
    'a refresh keeps both'
  )

  const withCode = {
    challenge: await challenged(auth),
    recoveryCode: codes[3]?.toUpperCase() ?? ''
  }
  t.equal((await answered(auth, withCode)).statusCode, 200)
  const again = { challenge: await challenged(auth), recoveryCode: codes[3] ?? '' }
  t.equal((await answered(auth, again)).json().code, 'FACTOR_REQUIRED', 'a code works once')
  t.match((await auth.get('/factors', headers)).json(), {
    factors: [{ id: app.id, type: 'totp', name: 'Phone', lastUsedAt: String }],
    recoveryCodes: 9
  })
  const counted = await auth.registry.getSingleMetricAsString('auth_factor_answers_total')
  t.match(counted, 'factor="totp",outcome="right"} 1')
  t.match(counted, 'factor="recovery_code",outcome="wrong"} 1')
  await auth.mail.deliverer.idle()
  t.strictSame(
    transport.sent.map(({ letter }) => letter),
    ['factor-added', 'recovery-code-used']
  )
  const kinds = (await audited(auth)).map(({ kind }) => kind)
  for (const kind of [
    'factor-added',
    'factor-required',
    'factor-failed',
    'recovery-code-used'
  ] as const) {
    t.ok(kinds.includes(kind), `${kind} is in the audit log`)
  }
})

t.test('a user renews the recovery codes and removes factors', async (t) => {
  const transport = memoryTransport()
  const auth = await authService(t, { mail: { transport } })
  const { user, headers, app, codes } = await withFactor(auth)
  const renewed = (await auth.post('/factors/recovery-codes', undefined, headers)).json()
  t.equal(renewed.recoveryCodes.length, 10)
  const old = await answered(auth, {
    challenge: await challenged(auth),
    recoveryCode: codes[0] ?? ''
  })
  t.equal(old.json().code, 'FACTOR_REQUIRED', 'an earlier code no longer works')

  await auth.mail.deliverer.idle()
  t.equal(transport.sent.at(-1)?.letter, 'recovery-codes-replaced')

  const second = await enrol(auth, headers)
  t.strictSame(second.codes, [], 'only the first factor comes with codes')
  const remove = (id: string) =>
    auth.service.inject({ method: 'DELETE', url: `/factors/${id}`, headers })
  const stranger = await signedIn(auth, 'eve@example.com')
  const foreign = await headersOf(auth, stranger.user, stranger.tokens)
  const stolen = await auth.service.inject({
    method: 'DELETE',
    url: `/factors/${app.id}`,
    headers: foreign
  })
  isProblem(t, stolen, { code: 'NOT_FOUND', detail: 'there is no such factor' })
  t.equal((await remove(app.id)).statusCode, 204)
  const lost = await answered(auth, { challenge: await challenged(auth), totp: app.next() })
  t.equal(lost.json().code, 'FACTOR_REQUIRED', 'a removed authenticator signs no user in')
  t.equal((await remove(second.app.id)).statusCode, 204)
  t.match((await auth.get('/factors', headers)).json(), { factors: [], recoveryCodes: 0 })
  t.equal((await auth.post('/login', { email, password })).statusCode, 200)
  isProblem(t, await auth.post('/factors/recovery-codes', undefined, headers), {
    code: 'CONFLICT',
    detail: 'recovery codes replace a factor: add one first'
  })

  for (let count = 0; count < 5; count += 1) await enrol(auth, headers)
  const tooMany = 'an account has at most 5 factors: remove one first'
  isProblem(t, await auth.post('/factors', { type: 'totp' }, headers), {
    code: 'CONFLICT',
    detail: tooMany
  })

  const accounts = auth.database.updateTable('accounts').where('id', '=', user.id)
  await accounts.set({ factors: 4 }).execute()
  const late = (await auth.post('/factors', { type: 'totp' }, headers)).json()
  await accounts.set({ factors: 5 }).execute()
  const code = authenticator(auth, { id: late.factor.id, secret: late.secret }).code()
  const confirmed = await auth.post(`/factors/${late.factor.id}/confirm`, { totp: code }, headers)
  isProblem(t, confirmed, { code: 'CONFLICT', detail: tooMany }, 'others came first')

  const byOperator = { url: `/ops/users/${user.id}/factors`, headers: operator }
  const shown = await auth.ops.inject({ method: 'GET', ...byOperator })
  t.equal(shown.json().factors.length, 5)
  t.equal(shown.body.includes('secret'), false)
  const reset = await auth.ops.inject({ method: 'DELETE', ...byOperator })
  t.match(reset.json(), { removed: 5, ended: 1 })
  t.equal((await auth.post('/login', { email, password })).statusCode, 200, 'after a reset')
})
