import t from 'tap'
import { authService, signedIn } from '../../fixtures/auth-service.ts'
import { capturedLog } from '../../fixtures/captured-log.ts'
import {
  asserted,
  assertion,
  clientKey,
  clientWithKeys,
  clientWithSecret,
  postForm
} from '../../fixtures/oauth/oauth-client.ts'
import { isOAuthError } from '../../fixtures/oauth/oauth-error.ts'

t.test('parameters of the body are not read from the query (RFC 6749 §2.3.1)', async (t) => {
  const auth = await authService(t)
  const { id, secret, authorized } = await clientWithSecret(auth, 'client_secret_post')
  const { tokens } = await signedIn(auth)
  const credentials = new URLSearchParams({ client_id: id, client_secret: secret }).toString()
  const form = { grant_type: 'client_credentials' }
  const attempts = {
    'a secret': await postForm(auth, `/oauth/token?${credentials}`, form),
    'a grant': await postForm(auth, '/oauth/token?grant_type=client_credentials', '', authorized),
    'a refresh token': await postForm(auth, `/oauth/token?refresh_token=${tokens.refreshToken}`, {
      grant_type: 'refresh_token'
    }),
    'a token to revoke': await postForm(auth, `/oauth/revoke?token=${tokens.refreshToken}`, {}),
    'a parameter of no one': await postForm(auth, '/oauth/token?x=1', form, authorized)
  }
  for (const [title, answer] of Object.entries(attempts)) {
    isOAuthError(t, answer, 400, 'invalid_request', title)
    t.notMatch(answer.body, secret, 'it is not repeated')
  }
  const { refreshToken } = tokens
  t.equal((await auth.post('/refresh-token', { refreshToken })).statusCode, 200, 'nothing happened')
})

t.test('no secret, assertion or token is in the log, wherever it was put', async (t) => {
  const { log, text } = capturedLog(t)
  const auth = await authService(t, { log })
  const { id, secret, authorized } = await clientWithSecret(auth, 'client_secret_basic', [
    'introspect'
  ])
  const key = clientKey()
  const keyed = await clientWithKeys(auth, [key])
  const { tokens } = await signedIn(auth)
  const jwt = await assertion(auth, keyed, key)
  const grant = { grant_type: 'client_credentials' }
  const issued = (await postForm(auth, '/oauth/token', grant, authorized)).json().access_token
  await postForm(auth, `/oauth/token?client_secret=${secret}`, grant)
  await postForm(auth, '/oauth/token', { ...grant, client_id: id, client_secret: secret })
  await postForm(auth, '/oauth/token', { ...grant, client_id: `${secret}%`, client_secret: 'x' })
  for (const _ of [1, 2]) await postForm(auth, '/oauth/token', { ...grant, ...asserted(jwt) })
  await postForm(auth, '/oauth/token', { ...grant, ...asserted(`${jwt}x`) })
  await postForm(auth, '/oauth/introspect', { token: tokens.accessToken }, authorized)
  await postForm(auth, '/oauth/revoke', { token: issued }, authorized)
  await postForm(auth, '/oauth/revoke', { token: tokens.refreshToken })
  await postForm(auth, '/oauth/token', {
    grant_type: 'refresh_token',
    refresh_token: tokens.refreshToken
  })

  const written = text()
  t.match(written, /the client is registered with another method/, 'the log does speak')
  for (const value of [
    secret,
    jwt,
    issued,
    tokens.accessToken,
    tokens.refreshToken,
    authorized.authorization.slice(6)
  ]) {
    t.notOk(written.includes(value.slice(-40)), 'it is not in the log')
  }
})
