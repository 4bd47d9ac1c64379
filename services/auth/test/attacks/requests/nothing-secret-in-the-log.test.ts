import t from 'tap'
import {
  type AuthUnderTest,
  audited,
  authService,
  browserHeaders,
  disable,
  email,
  password,
  type Tokens,
  used
} from '../../fixtures/auth-service.ts'
import { capturedLog } from '../../fixtures/captured-log.ts'
import { policy } from '../../fixtures/families/stores.ts'
import { answered, challenged, enrol } from '../../fixtures/second-factor.ts'

/** Everything that a login with a second factor sends and gets, right and wrong. */
async function secretsOfFactor(
  auth: AuthUnderTest,
  assertion: Record<string, string>
): Promise<string[]> {
  const { app, codes } = await enrol(auth, assertion)
  const challenge = await challenged(auth)
  const [first = '', second = ''] = codes
  await answered(auth, { challenge, recoveryCode: `${first}x` })
  await answered(auth, { challenge: `${challenge}x`, recoveryCode: second })
  const opened = await answered(auth, { challenge, recoveryCode: first })
  const { accessToken, refreshToken } = opened.json()
  return [app.secret, ...codes, challenge, accessToken, refreshToken]
}

t.test('no password, token or cookie is in the log, whatever happens', async (t) => {
  const { log, text } = capturedLog(t)
  const auth = await authService(t, { log })
  const secrets = new Set<string>([password])
  const wrong = 'the wrong password'
  secrets.add(wrong)
  const keep = (tokens: Tokens) => {
    for (const token of [tokens.accessToken, tokens.refreshToken]) if (token) secrets.add(token)
    return tokens
  }

  const { user } = (await auth.post('/register', { email, password })).json()
  await auth.post('/register', { email, password })
  await auth.post('/register', { email, password, unknown: wrong })
  await auth.post('/register', `{"password": "${wrong}`, { 'content-type': 'application/json' })
  await auth.post('/login', { email, password: wrong })
  await auth.post(`/login?password=${encodeURIComponent(wrong)}`, { email, password: wrong })
  const tokens = keep((await auth.post('/login', { email, password })).json())
  const byCookie = await auth.post('/login', { email, password, delivery: 'cookie' })
  const cookie = byCookie.cookies[0]?.value ?? ''
  secrets.add(cookie)
  const assertion = await auth.gateway.signedIn({ subject: user.id, session: tokens.session.id })
  for (const value of Object.values(assertion)) secrets.add(value)

  const { refreshToken } = tokens
  const next = keep((await auth.post('/refresh-token', { refreshToken })).json())
  await used(auth, next.accessToken)
  keep((await auth.post('/refresh-token', { refreshToken })).json())
  await auth.post('/refresh-token', undefined, browserHeaders(cookie))
  await auth.post('/refresh-token', undefined, { cookie: `__Host-refresh=${cookie}` })
  await auth.post('/refresh-token', { refreshToken: refreshToken.slice(0, -1) })
  await auth.post(`/refresh-token?token=${refreshToken}`)
  await auth.get('/me', assertion)
  await auth.get('/me', { 'x-auth-assertion': `${assertion['x-auth-assertion']}x` })
  await auth.post('/logout', { refreshToken: tokens.accessToken })
  for (const secret of await secretsOfFactor(auth, assertion)) secrets.add(secret)
  auth.clock.advance(policy.graceSeconds * 1000)
  await auth.post('/refresh-token', { refreshToken })
  await disable(auth, user.id)
  await auth.post('/refresh-token', undefined, browserHeaders(cookie))
  await auth.post('/logout', undefined, browserHeaders(cookie))
  const audit = JSON.stringify(await audited(auth))
  await auth.database.destroy()
  await auth.post('/login', { email, password })
  await auth.post('/refresh-token', { refreshToken })

  const written = text()
  t.match(written, '"reason":"the refresh token is reused"', 'the log tells what happened')
  t.match(
    written,
    '"reason":"the e-mail address is unknown, the password is wrong, or the account is disabled"'
  )
  t.match(written, '"msg":"failed"', 'faults too')
  for (const secret of secrets) t.notOk(written.includes(secret), `not ${secret.slice(0, 12)}…`)
  for (const secret of secrets) t.notOk(audit.includes(secret), 'nor in the audit log')
  t.notMatch(written, 'argon2id', 'nor the hash of a password')
  t.notMatch(written, email, 'no e-mail address either')
})
