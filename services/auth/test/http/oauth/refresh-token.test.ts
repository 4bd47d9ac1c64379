import { once } from 'node:events'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { decodeJwt } from 'jose'
import t from 'tap'
import { REFRESHES_PER_MINUTE } from '../../fixtures/auth-config.ts'
import {
  authService,
  disable,
  used as inUse,
  login,
  signedIn,
  signedInBrowser
} from '../../fixtures/auth-service.ts'
import { recordingFamilies } from '../../fixtures/families/recording-families.ts'
import { clockFromNow, policy, redisStore } from '../../fixtures/families/stores.ts'
import { basic, clientWithSecret, postForm } from '../../fixtures/oauth/oauth-client.ts'
import { isOAuthError } from '../../fixtures/oauth/oauth-error.ts'

const grantOf = (token: string) => ({ grant_type: 'refresh_token', refresh_token: token })

t.test('a session can be refreshed at the OAuth endpoint, as at our own', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const answer = await postForm(auth, '/oauth/token', grantOf(tokens.refreshToken))

  t.equal(answer.statusCode, 200)
  const { access_token: access, refresh_token: next, expires_in: _, ...rest } = answer.json()
  t.strictSame(rest, { token_type: 'Bearer', scope: 'orders:read orders:write' })
  t.match(decodeJwt(access), { sub: user.id, sid: tokens.session.id, client_id: 'gatehouse' })
  t.not(next, tokens.refreshToken)

  const again = await postForm(auth, '/oauth/token', grantOf(tokens.refreshToken))
  t.equal(again.json().refresh_token, next, 'a racing one gets the same successor')
  const named = { ...grantOf(next), client_id: 'gatehouse' }
  t.equal((await postForm(auth, '/oauth/token', named)).statusCode, 200, 'the public client, named')
  // golang.org/x/oauth2 does so.
  const password = basic('gatehouse', '')
  const empty = await postForm(auth, '/oauth/token', named, password)
  t.equal(empty.statusCode, 200, 'the public client, with an empty password')
  const other = await postForm(auth, '/oauth/token', { ...named, client_id: 'x' }, password)
  isOAuthError(t, other, 401, 'invalid_client', 'a form that names another client')
})

t.test('a spent, ended or foreign refresh token is invalid_grant', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const refresh = (token: string) => postForm(auth, '/oauth/token', grantOf(token))
  isOAuthError(t, await refresh('garbled'), 400, 'invalid_grant', 'garbled')
  isOAuthError(t, await refresh(tokens.accessToken), 400, 'invalid_grant', 'an access token')

  const { refresh_token: next, access_token: used } = (await refresh(tokens.refreshToken)).json()
  await inUse(auth, used)
  auth.clock.advance(policy.graceSeconds * 1000)
  isOAuthError(t, await refresh(tokens.refreshToken), 400, 'invalid_grant', 'replayed')
  isOAuthError(t, await refresh(next), 400, 'invalid_grant', 'its family is ended')

  const { tokens: others } = await signedIn(auth, 'grace@example.com')
  await disable(auth, decodeJwt(others.accessToken).sub ?? '')
  isOAuthError(t, await refresh(others.refreshToken), 400, 'invalid_grant', 'disabled')
  t.not(user.id, decodeJwt(others.accessToken).sub)
})

t.test('a request without the token, or for more scope, uses no token up', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const form = { grant_type: 'refresh_token' }
  isOAuthError(t, await postForm(auth, '/oauth/token', form), 400, 'invalid_request')
  const scoped = { ...grantOf(tokens.refreshToken), scope: 'admin' }
  isOAuthError(t, await postForm(auth, '/oauth/token', scoped), 400, 'invalid_scope')
  const { json } = await postForm(auth, '/oauth/token', grantOf(tokens.refreshToken))
  t.ok(json().refresh_token, 'the first generation still rotates')
})

t.test('a client may ask for a part of the scope, for this access token only', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const refresh = async (refreshToken: string, more: Record<string, string> = {}) =>
    (await postForm(auth, '/oauth/token', { ...grantOf(refreshToken), ...more })).json()
  const less = await refresh(tokens.refreshToken, { scope: 'orders:read' })
  t.equal(less.scope, 'orders:read')
  const [, claims = ''] = less.access_token.split('.')
  t.equal(JSON.parse(Buffer.from(claims, 'base64url').toString()).scope, 'orders:read')
  const all = await refresh(less.refresh_token)
  t.equal(all.scope, 'orders:read orders:write', 'the next has all of it again')
  const both = await refresh(all.refresh_token, { scope: 'orders:write orders:read' })
  t.equal(both.scope, 'orders:read orders:write')
})

t.test('another client cannot refresh, and the session is not affected', async (t) => {
  let calls: string[] = []
  const auth = await authService(t, {
    families(real) {
      const recording = recordingFamilies(real)
      calls = recording.calls
      return recording.families
    }
  })
  const { authorized, id } = await clientWithSecret(auth)
  const { tokens } = await signedIn(auth)
  const form = grantOf(tokens.refreshToken)
  calls.length = 0

  const attempts = {
    'a machine client': await postForm(auth, '/oauth/token', form, authorized),
    'the name of one': await postForm(auth, '/oauth/token', { ...form, client_id: id }),
    'another name': await postForm(auth, '/oauth/token', { ...form, client_id: 'Gatehouse' })
  }
  for (const [title, answer] of Object.entries(attempts)) {
    isOAuthError(t, answer, 400, 'invalid_grant', title)
  }
  t.strictSame(calls, [], 'the family is not even read')
})

t.test('the OAuth endpoint reads no cookie', async (t) => {
  const auth = await authService(t)
  const { headers } = await signedInBrowser(auth)
  const answer = await postForm(auth, '/oauth/token', { grant_type: 'refresh_token' }, headers)
  isOAuthError(t, answer, 400, 'invalid_request')
  t.notOk(answer.headers['set-cookie'])
})

t.test('the refresh limit of a session applies at the OAuth endpoint', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const form = grantOf(tokens.refreshToken)
  for (let calls = 0; calls < REFRESHES_PER_MINUTE; calls += 1) {
    await postForm(auth, '/oauth/token', form)
  }
  const answer = await postForm(auth, '/oauth/token', form)
  isOAuthError(t, answer, 429, 'temporarily_unavailable')
  t.equal(answer.headers['retry-after'], '60')
})

t.test('a store outage gives 503 and uses no token up', { skip: redisMissing }, async (t) => {
  const { url, kill, start } = await redisServer(t)
  const connection = await redisConnection(t, url)
  const clock = clockFromNow()
  const { families } = redisStore(connection, { policy, clock })
  const auth = await authService(t, { clock, families: () => families.store })
  const { authorized } = await clientWithSecret(auth, 'client_secret_basic', ['introspect'])
  const { tokens } = await signedIn(auth)
  const token = tokens.refreshToken
  const leaving = await login(auth)

  await kill()

  const refused = {
    'a refresh': await postForm(auth, '/oauth/token', grantOf(token)),
    'a revocation': await postForm(auth, '/oauth/revoke', { token: leaving.refreshToken }),
    'a question': await postForm(auth, '/oauth/introspect', { token }, authorized)
  }
  for (const [title, answer] of Object.entries(refused)) {
    isOAuthError(t, answer, 503, 'temporarily_unavailable', title)
    t.equal(answer.headers['retry-after'], '1', `${title}: try again`)
  }

  await start()
  if (connection.status !== 'ready') await once(connection, 'ready')
  t.equal((await postForm(auth, '/oauth/token', grantOf(token))).statusCode, 200)
})

t.test(
  'an answer to a gateway names the session of a form, or the client that proved itself',
  async (t) => {
    const auth = await authService(t)
    const address = auth.gateway.from('203.0.113.5')
    const { user, tokens } = await signedIn(auth)
    const refreshed = await postForm(auth, '/oauth/token', grantOf(tokens.refreshToken), address)
    const named = { 'x-auth-subject': user.id, 'x-auth-session': tokens.session.id }
    t.match(refreshed.headers, named)
    const revoked = { token: refreshed.json().refresh_token }
    t.match((await postForm(auth, '/oauth/revoke', revoked, address)).headers, named)

    const { id, authorized } = await clientWithSecret(auth)
    const headers = { ...address, ...authorized }
    const form = { grant_type: 'client_credentials', scope: 'more' }
    const refused = await postForm(auth, '/oauth/token', form, headers)
    isOAuthError(t, refused, 400, 'invalid_scope', 'a client that asks for too much')
    t.equal(refused.headers['x-auth-client'], id)
  }
)
