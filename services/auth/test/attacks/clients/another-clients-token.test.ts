import t from 'tap'
import { type AuthUnderTest, authService, signedIn } from '../../fixtures/auth-service.ts'
import { revokedSids } from '../../fixtures/families/stores.ts'
import { clientWithSecret, postForm } from '../../fixtures/oauth/oauth-client.ts'
import { isOAuthError } from '../../fixtures/oauth/oauth-error.ts'

const grant = { grant_type: 'client_credentials' }
const tokenOf = async (
  auth: AuthUnderTest,
  { authorized }: { authorized: { authorization: string } }
) => (await postForm(auth, '/oauth/token', grant, authorized)).json().access_token

t.test("a client cannot revoke another's token, and the token stays valid", async (t) => {
  const auth = await authService(t)
  const [one, two] = [await clientWithSecret(auth), await clientWithSecret(auth)]
  const { tokens } = await signedIn(auth)
  const attempts: Record<string, [token: string, headers: Record<string, string>]> = {
    "a user's refresh token": [tokens.refreshToken, one.authorized],
    "a user's access token": [tokens.accessToken, one.authorized],
    "another machine's access token": [await tokenOf(auth, two), one.authorized],
    "a machine's access token, by the public client": [await tokenOf(auth, two), {}]
  }
  for (const [title, [token, headers]] of Object.entries(attempts)) {
    const answer = await postForm(auth, '/oauth/revoke', { token }, headers)
    isOAuthError(t, answer, 400, 'invalid_grant', title)
  }
  t.strictSame(await revokedSids(auth.store), [])
  const { refreshToken } = tokens
  t.equal((await auth.post('/refresh-token', { refreshToken })).statusCode, 200)
})

t.test(
  'a client cannot refresh the session of another client, even with the current refresh token of that session',
  async (t) => {
    const auth = await authService(t)
    const { authorized } = await clientWithSecret(auth, 'client_secret_basic', ['introspect'])
    const { tokens } = await signedIn(auth)
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refreshToken }
    isOAuthError(t, await postForm(auth, '/oauth/token', form, authorized), 400, 'invalid_grant')
    t.equal((await postForm(auth, '/oauth/token', form)).statusCode, 200, 'its owner can')
  }
)

t.test('the token of a machine client has no session', async (t) => {
  const auth = await authService(t)
  const client = await clientWithSecret(auth)
  const token = await tokenOf(auth, client)
  const form = { grant_type: 'refresh_token', refresh_token: token }
  isOAuthError(t, await postForm(auth, '/oauth/token', form), 400, 'invalid_grant')
  t.equal((await auth.post('/refresh-token', { refreshToken: token })).statusCode, 401)
  const headers = await auth.gateway.signedIn({ subject: client.id })
  t.equal((await auth.get('/me', headers)).statusCode, 403, 'it has no account')
  t.strictSame((await auth.get('/sessions', headers)).json(), { sessions: [] })
})
