import { sign } from 'node:crypto'
import { TOKEN_SKEW_SECONDS } from '@gatehouse/access-token/clock-skew'
import { sql } from 'kysely'
import t from 'tap'
import { generateSigningKey } from '../../../src/keys/signing-key.ts'
import { LIFETIME_SECONDS } from '../../fixtures/auth-config.ts'
import {
  type AuthUnderTest,
  audited,
  authService,
  login,
  signedIn
} from '../../fixtures/auth-service.ts'
import { revokedSids } from '../../fixtures/families/stores.ts'
import { clientWithSecret, postForm } from '../../fixtures/oauth/oauth-client.ts'
import { isOAuthError } from '../../fixtures/oauth/oauth-error.ts'

const refreshes = async ({ post }: AuthUnderTest, refreshToken: string) =>
  (await post('/refresh-token', { refreshToken })).statusCode

t.test('a revoked refresh token ends its session, as a logout does', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const other = await login(auth)

  const answer = await postForm(auth, '/oauth/revoke', { token: tokens.refreshToken })

  t.equal(answer.statusCode, 200)
  t.equal(answer.body, '')
  t.equal(answer.headers['cache-control'], 'no-store')
  t.equal(await refreshes(auth, tokens.refreshToken), 401)
  t.strictSame(
    await revokedSids(auth.store),
    [tokens.session.id],
    'the end is published to the gateways'
  )
  t.equal(await refreshes(auth, other.refreshToken), 200, 'another session continues')
  t.match(
    (await audited(auth)).filter(({ kind }) => kind === 'logout'),
    [{ subject: user.id, sid: tokens.session.id }]
  )
})

t.test('the revocation of an access token ends its session', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const form = { token: tokens.accessToken, client_id: 'gatehouse' }
  t.equal((await postForm(auth, '/oauth/revoke', form)).statusCode, 200)
  t.equal(await refreshes(auth, tokens.refreshToken), 401)
  t.strictSame(await revokedSids(auth.store), [tokens.session.id])
  t.match(
    (await audited(auth)).filter(({ kind }) => kind === 'session-ended'),
    [{ subject: user.id, sid: tokens.session.id }]
  )
})

t.test('the token of a key that this instance has not read yet ends its session', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const other = await generateSigningKey('ES256', 'standby')
  const [header, claims] = tokens.accessToken.split('.')
  const named = { ...JSON.parse(Buffer.from(header ?? '', 'base64url').toString()), kid: other.kid }
  const input = `${Buffer.from(JSON.stringify(named)).toString('base64url')}.${claims}`
  const signed = sign('sha256', Buffer.from(input), {
    key: other.privatePem,
    dsaEncoding: 'ieee-p1363'
  })
  const form = { token: `${input}.${signed.toString('base64url')}`, client_id: 'gatehouse' }
  await sql`alter table signing_keys rename to taken_away`.execute(auth.database)
  const unknown = await postForm(auth, '/oauth/revoke', form)
  t.equal(unknown.statusCode, 503, 'not 200 with no effect')
  await sql`alter table taken_away rename to signing_keys`.execute(auth.database)
  await auth.signing.store.insert(other, auth.clock())
  t.equal((await postForm(auth, '/oauth/revoke', form)).statusCode, 200)
  t.equal(await refreshes(auth, tokens.refreshToken), 401)
})

t.test('the kind of a token is read from the token, whatever the hint', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  for (const [token, hint] of [
    [tokens.accessToken, 'refresh_token'],
    [(await login(auth)).refreshToken, 'access_token'],
    [(await login(auth)).refreshToken, 'something else']
  ] as const) {
    const answer = await postForm(auth, '/oauth/revoke', { token, token_type_hint: hint })
    t.equal(answer.statusCode, 200)
  }
  t.equal((await revokedSids(auth.store)).length, 3)
})

t.test('revoking an unknown token is not an error', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const [header, payload, signature = ''] = tokens.accessToken.split('.')
  const forged = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
  const foreign = await signedIn(await authService(t))
  for (const token of [
    'garbled',
    forged,
    foreign.tokens.accessToken,
    foreign.tokens.refreshToken,
    tokens.refreshToken.slice(0, -1)
  ]) {
    t.equal((await postForm(auth, '/oauth/revoke', { token })).statusCode, 200)
  }
  auth.clock.advance((LIFETIME_SECONDS + TOKEN_SKEW_SECONDS) * 1000)
  const expired = await postForm(auth, '/oauth/revoke', { token: tokens.accessToken })
  t.equal(expired.statusCode, 200)
  t.strictSame(await revokedSids(auth.store), [])
  t.equal(await refreshes(auth, tokens.refreshToken), 200, 'the session continues')
  isOAuthError(t, await postForm(auth, '/oauth/revoke', {}), 400, 'invalid_request')
})

t.test("a machine client's own access token is unsupported_token_type", async (t) => {
  const auth = await authService(t)
  const { authorized } = await clientWithSecret(auth)
  const grant = { grant_type: 'client_credentials' }
  const token = (await postForm(auth, '/oauth/token', grant, authorized)).json().access_token
  const answer = await postForm(auth, '/oauth/revoke', { token }, authorized)
  isOAuthError(t, answer, 400, 'unsupported_token_type')
  const nothing = await postForm(auth, '/oauth/revoke', { token: 'unknown' }, authorized)
  t.equal(nothing.statusCode, 200, 'an unknown token is not an error')
})

t.test('a request that names a machine client must authenticate', async (t) => {
  const auth = await authService(t)
  const { id } = await clientWithSecret(auth)
  const { tokens } = await signedIn(auth)
  const form = { token: tokens.refreshToken, client_id: id }
  isOAuthError(t, await postForm(auth, '/oauth/revoke', form), 401, 'invalid_client')
  t.equal(await refreshes(auth, tokens.refreshToken), 200)
})
