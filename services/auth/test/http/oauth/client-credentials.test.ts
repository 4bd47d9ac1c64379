import { decodeJwt, decodeProtectedHeader } from 'jose'
import t from 'tap'
import { AUDIENCE, ISSUER } from '../../fixtures/auth-config.ts'
import { audited, authService } from '../../fixtures/auth-service.ts'
import { clientWithSecret, postForm } from '../../fixtures/oauth/oauth-client.ts'
import { isOAuthError } from '../../fixtures/oauth/oauth-error.ts'

const grant = { grant_type: 'client_credentials' }

t.test('a machine client gets a token for itself', async (t) => {
  const auth = await authService(t)
  const { id, authorized } = await clientWithSecret(auth)
  const answer = await postForm(auth, '/oauth/token', grant, authorized)

  t.equal(answer.statusCode, 200)
  t.match(answer.headers, {
    'content-type': /^application\/json/,
    'cache-control': 'no-store',
    pragma: 'no-cache'
  })
  const { access_token: token, expires_in: expiresIn, ...rest } = answer.json()
  t.strictSame(rest, { token_type: 'Bearer', scope: 'orders:read orders:write' })
  t.ok(expiresIn > 284 && expiresIn <= 300)

  const now = auth.clock() / 1000
  const { jti, ...claims } = decodeJwt(token)
  t.match(jti, /^[0-9a-f-]{36}$/)
  t.strictSame(claims, {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: id,
    client_id: id,
    iat: now,
    nbf: now,
    exp: now + expiresIn,
    scope: 'orders:read orders:write',
    roles: [],
    rights_version: 0
  })
  t.equal(decodeProtectedHeader(token).typ, 'at+jwt')
})

t.test('a client gets the requested part of its scope, and never more', async (t) => {
  const auth = await authService(t)
  const { authorized } = await clientWithSecret(auth)
  const ask = (scope: string) => postForm(auth, '/oauth/token', { ...grant, scope }, authorized)

  t.equal((await ask('orders:read')).json().scope, 'orders:read')
  t.equal((await ask('orders:write orders:read')).json().scope, 'orders:write orders:read')
  t.equal((await ask('orders:read orders:read')).json().scope, 'orders:read')
  t.equal((await ask('')).json().scope, 'orders:read orders:write', 'all, where it does not ask')
  for (const scope of [
    'introspect',
    'orders:read introspect',
    ' ',
    'orders:read  orders:write',
    'orders',
    'ORDERS:READ'
  ]) {
    isOAuthError(t, await ask(scope), 400, 'invalid_scope', JSON.stringify(scope))
  }
})

t.test('another grant type is unsupported, and a missing one malformed', async (t) => {
  const auth = await authService(t)
  const { authorized } = await clientWithSecret(auth)
  const ask = (form: Record<string, string>) => postForm(auth, '/oauth/token', form, authorized)
  for (const grant_type of ['password', 'authorization_code', 'Client_Credentials', 'toString']) {
    isOAuthError(t, await ask({ grant_type }), 400, 'unsupported_grant_type', grant_type)
  }
  isOAuthError(t, await ask({ scope: 'orders:read' }), 400, 'invalid_request')
})

t.test('a request without client authentication gets no token', async (t) => {
  const auth = await authService(t)
  const { id } = await clientWithSecret(auth)
  for (const form of [grant, { ...grant, client_id: id }, { ...grant, client_id: 'gatehouse' }]) {
    isOAuthError(t, await postForm(auth, '/oauth/token', form), 401, 'invalid_client')
  }
})

t.test('a token that is issued is in the audit log before the response', async (t) => {
  const auth = await authService(t)
  const { id, authorized } = await clientWithSecret(auth)
  await postForm(auth, '/oauth/token', grant, authorized)
  t.match(await audited(auth), [
    { kind: 'client-created', subject: id },
    { kind: 'client-token-issued', subject: id, sid: null }
  ])
})
