import { client, eventually } from '@gatehouse/fixtures/client'
import { documentedFetch } from '@gatehouse/fixtures/documented-fetch'
import { serviceProgram } from '@gatehouse/fixtures/program'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import type { Test } from 'tap'

type Echo = { path: string; method: string; headers: Record<string, string>; body: unknown }

const email = 'ada@example.com'
const password = 'correct horse battery'

/**
 * The main job as its user would do it, with nothing but HTTP: the same on every store.
 * @param settings what makes the difference; the same folder before and after the restart
 * @param programOf what the process of a service runs
 * @returns the address of the system, which runs as long as the test
 */
export async function journey(
  t: Test,
  settings: Record<string, string>,
  programOf = serviceProgram
): Promise<string> {
  const first = await wholeSystem(t, settings, programOf)
  const { call, register, login, refresh, logout } = client(first.url, documentedFetch(t))

  const registered = await register(email, password)
  t.equal(registered.status, 201, 'an account is made')
  t.match(registered.body, { user: { id: String, email, roles: ['user'] } })

  const wrong = await login(email, 'not the password')
  t.equal(wrong.status, 401, 'a wrong password is refused')
  t.match(wrong.body, { code: 'UNAUTHENTICATED', status: 401, retryable: false })

  const { status, body: tokens } = await login(email, password)
  t.equal(status, 200, 'the right one signs in')
  t.match(tokens, { tokenType: 'Bearer', session: { id: String } })
  const idleSeconds = tokens.refreshExpiresIn
  t.ok(idleSeconds > 1_209_590 && idleSeconds <= 1_209_600, 'for two weeks, from when it was made')
  t.ok(tokens.expiresIn > 284 && tokens.expiresIn <= 300, 'for five minutes, up to 5 % less')

  t.equal((await call('/echo/hello')).status, 401, 'a service is closed without a token')

  const { body: echo } = await call<Echo>('/echo/hello', {
    token: tokens.accessToken,
    headers: { 'x-auth-subject': 'somebody-else', X_Auth_Subject: 'somebody-else' }
  })
  t.equal(echo.path, '/echo/hello', 'with it, the service is reached')
  t.match(echo.headers, {
    'x-auth-subject': registered.body.user.id,
    'x-auth-session': tokens.session.id,
    'x-auth-client': 'gatehouse',
    'x-auth-roles': 'user',
    'x-auth-scope': 'orders:read orders:write',
    'x-auth-email': email,
    'x-auth-expires': /^\d{10}$/,
    'x-auth-assertion': /^[\w-]+\.[\w-]+\.[\w-]+$/
  })
  t.notOk('authorization' in echo.headers, 'the service never sees the credential')
  t.notMatch(JSON.stringify(echo), 'somebody-else', 'nor what somebody wrote in its place')

  const placed = await call('/orders', {
    token: tokens.accessToken,
    json: { item: 'book', quantity: 2 }
  })
  t.equal(placed.status, 201, 'a service on the identity package serves the same caller')

  const refreshed = await refresh(tokens.refreshToken)
  t.equal(refreshed.status, 200, 'a refresh gives new tokens')
  t.not(refreshed.body.refreshToken, tokens.refreshToken)
  const again = await refresh(tokens.refreshToken)
  t.equal(again.status, 200, 'the spent token again, within grace')
  t.equal(again.body.refreshToken, refreshed.body.refreshToken, 'gives the same successor')

  const other = await login(email, password)
  t.equal((await logout(refreshed.body.refreshToken)).status, 204, 'logout')
  const refused = await eventually(
    () => call('/echo/hello', { token: tokens.accessToken }),
    (answer) => answer.status === 401
  )
  t.equal(refused.status, 401, 'the access token is refused within a second')
  t.equal(refused.body.code, 'SESSION_ENDED')
  t.equal((await refresh(refreshed.body.refreshToken)).body.code, 'SESSION_ENDED')

  await first.close()
  const { url } = await wholeSystem(t, settings, programOf)
  const second = client(url, documentedFetch(t))
  t.equal((await second.login(email, password)).status, 200, 'after a restart: the account')
  const kept = await second.refresh(other.body.refreshToken)
  t.equal(kept.status, 200, 'and the other session are still there')
  t.equal(
    (await second.call('/echo/hello', { token: other.body.accessToken })).status,
    200,
    'the keys too: its access token from before still verifies'
  )
  t.equal(
    (await second.call('/echo/hello', { token: tokens.accessToken })).status,
    401,
    'and what was revoked stays revoked'
  )
  return url
}
