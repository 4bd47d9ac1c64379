import { createHmac } from 'node:crypto'
import t from 'tap'
import { ISSUER } from '../../fixtures/auth-config.ts'
import { authService, signedIn } from '../../fixtures/auth-service.ts'
import {
  asserted,
  assertion,
  basic,
  clientKey,
  clientWithKeys,
  clientWithSecret,
  type Form,
  postForm
} from '../../fixtures/oauth/oauth-client.ts'
import { isOAuthError } from '../../fixtures/oauth/oauth-error.ts'

const grant = { grant_type: 'client_credentials' }
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

t.test('two authentication methods at once are refused, even if both are valid', async (t) => {
  const auth = await authService(t)
  const { id, secret, authorized } = await clientWithSecret(auth)
  const key = clientKey()
  const keyed = await clientWithKeys(auth, [key])
  const posted = { client_id: id, client_secret: secret }
  const jwt = asserted(await assertion(auth, keyed, key))
  const attempts: Record<string, [Form, Record<string, string>]> = {
    'header and form': [posted, authorized],
    'header and assertion': [jwt, authorized],
    'form and assertion': [{ ...jwt, client_secret: secret }, {}],
    'all three': [{ ...jwt, ...posted }, authorized],
    'header and the type of an assertion': [
      { client_assertion_type: jwt.client_assertion_type ?? '' },
      authorized
    ],
    'one client in the header, another in the form': [{ client_id: keyed }, authorized],
    'the public client in the form': [{ client_id: 'gatehouse' }, authorized]
  }
  for (const [title, [form, headers]] of Object.entries(attempts)) {
    const answer = await postForm(auth, '/oauth/token', { ...grant, ...form }, headers)
    isOAuthError(t, answer, 400, 'invalid_request', title)
  }
  const after = await postForm(auth, '/oauth/token', { ...grant, ...jwt })
  t.equal(after.statusCode, 200, 'no assertion was used up')
})

t.test('a client cannot authenticate by a weaker method than its own', async (t) => {
  const auth = await authService(t)
  const inHeader = await clientWithSecret(auth, 'client_secret_basic')
  const inForm = await clientWithSecret(auth, 'client_secret_post')
  const key = clientKey()
  const keyed = await clientWithKeys(auth, [key])
  const asksAs = (form: Form, headers = {}) =>
    postForm(auth, '/oauth/token', { ...grant, ...form }, headers)
  const attempts = {
    'a secret of the header in the form': await asksAs({
      client_id: inHeader.id,
      client_secret: inHeader.secret
    }),
    'a secret of the form in the header': await asksAs({}, basic(inForm.id, inForm.secret)),
    'a public key as a secret': await asksAs({}, basic(keyed, JSON.stringify(key.jwk))),
    'an empty secret': await asksAs({ client_id: keyed, client_secret: ' ' }),
    'no proof': await asksAs({ client_id: keyed }),
    'the key of one with secrets': await asksAs(asserted(await assertion(auth, inHeader.id, key)))
  }
  for (const [title, answer] of Object.entries(attempts)) {
    isOAuthError(t, answer, 401, 'invalid_client', title)
  }
})

t.test('an assertion that is not signed with a key of the client is refused', async (t) => {
  const auth = await authService(t)
  const key = clientKey('RS256')
  const id = await clientWithKeys(auth, [key])
  const now = auth.clock() / 1000
  const claims = { iss: id, sub: id, aud: ISSUER, exp: now + 60, jti: 'one' }
  const attacker = clientKey('ES256')
  const text = (header: object) => `${base64url(header)}.${base64url(claims)}`
  const hmac = (secret: string) => {
    const input = text({ alg: 'HS256' })
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
  }
  const attempts = {
    'the algorithm none': `${text({ alg: 'none' })}.`,
    'an empty signature': `${text({ alg: 'RS256' })}.`,
    'HMAC with the public key': hmac(JSON.stringify(key.jwk)),
    'HMAC with nothing': hmac(''),
    'a key that it brings itself': await assertion(auth, id, attacker, {}, { jwk: attacker.jwk }),
    'a key from somewhere': await assertion(auth, id, attacker, {}, { jku: 'http://127.0.0.1:9' })
  }
  for (const [title, jwt] of Object.entries(attempts)) {
    const answer = await postForm(auth, '/oauth/token', { ...grant, ...asserted(jwt) })
    isOAuthError(t, answer, 401, 'invalid_client', title)
  }
})

t.test('no token of ours authenticates a client', async (t) => {
  const auth = await authService(t)
  const { id, authorized } = await clientWithSecret(auth)
  const { tokens } = await signedIn(auth)
  const machine = (await postForm(auth, '/oauth/token', grant, authorized)).json().access_token
  for (const token of [machine, tokens.accessToken, tokens.refreshToken]) {
    for (const [form, headers] of [
      [asserted(token), {}],
      [{}, basic(id, token)],
      [{}, { authorization: `Bearer ${token}` }],
      [{ client_id: id, client_secret: token }, {}]
    ] as const) {
      const answer = await postForm(auth, '/oauth/token', { ...grant, ...form }, headers)
      isOAuthError(t, answer, 401, 'invalid_client')
    }
  }
})
