import { decodeJwt } from 'jose'
import t from 'tap'
import { AUDIENCE, ISSUER, REFRESHES_PER_MINUTE } from '../../fixtures/auth-config.ts'
import { source } from '../../fixtures/families/family-steps.ts'
import { policy } from '../../fixtures/families/stores.ts'
import { clientWithSecret, operator, postForm } from '../../fixtures/oauth/oauth-client.ts'
import { isOAuthError } from '../../fixtures/oauth/oauth-error.ts'
import { asking } from './fixtures/asking.ts'

const { idleSeconds, graceSeconds } = policy

t.test('an active access token is described with its owner and expiry', async (t) => {
  const { auth, user, tokens, ask } = await asking(t)
  const now = auth.clock() / 1000
  const { jti = '' } = decodeJwt(tokens.accessToken)
  t.strictSame(await ask(tokens.accessToken), {
    active: true,
    token_type: 'Bearer',
    iss: ISSUER,
    aud: AUDIENCE,
    sub: user.id,
    jti,
    client_id: 'gatehouse',
    scope: 'orders:read orders:write',
    sid: tokens.session.id,
    acr: 'aal1',
    auth_time: now,
    iat: now,
    nbf: now,
    exp: now + tokens.expiresIn
  })
})

t.test('an active refresh token has this server as its audience', async (t) => {
  const { auth, user, tokens, ask } = await asking(t)
  const now = auth.clock() / 1000
  t.strictSame(await ask(tokens.refreshToken, { token_type_hint: 'access_token' }), {
    active: true,
    iss: ISSUER,
    aud: ISSUER,
    sub: user.id,
    client_id: 'gatehouse',
    scope: 'orders:read orders:write',
    sid: tokens.session.id,
    iat: now,
    exp: now + idleSeconds
  })
})

t.test("a machine client's token is active until the client is disabled", async (t) => {
  const { auth, client, ask } = await asking(t)
  const machine = await clientWithSecret(auth)
  const grant = { grant_type: 'client_credentials' }
  const { json } = await postForm(auth, '/oauth/token', grant, machine.authorized)
  const token = json().access_token
  const said = await ask(token)
  t.match(said, { active: true, sub: machine.id, client_id: machine.id, token_type: 'Bearer' })
  t.notOk('sid' in said)
  t.not(machine.id, client.id)
  await operator(auth).disable(machine.id, source)
  t.strictSame(await ask(token), { active: false })
})

t.test('introspection changes nothing', async (t) => {
  const { auth, tokens, ask, client } = await asking(t)
  const { refreshToken } = (
    await auth.post('/refresh-token', { refreshToken: tokens.refreshToken })
  ).json()
  auth.clock.advance(graceSeconds * 1000)
  const state = async () => ({
    // The only record of the introspection is that the tokens are in use.
    families: (await auth.store.families.list(decodeJwt(tokens.accessToken).sub ?? '')).map(
      ({ sid, record: { seen: _, ...rest } }) => ({ sid, ...rest })
    ),
    audit: await auth.database.selectFrom('audit_events').selectAll().execute()
  })
  const before = await state()
  for (let times = 0; times <= REFRESHES_PER_MINUTE / 2; times += 1) {
    await ask(tokens.refreshToken)
    await ask(refreshToken)
    await ask(tokens.accessToken)
  }
  t.strictSame(await state(), before, 'a spent token that is asked about is not a reuse')
  t.equal(
    (await auth.post('/refresh-token', { refreshToken })).statusCode,
    200,
    'nor counted as a refresh'
  )
  t.ok(client.id)
})

t.test('only clients with the scope introspect are answered', async (t) => {
  const { auth, tokens, client } = await asking(t)
  const form = { token: tokens.accessToken }
  const ask = (more = {}, headers = {}) =>
    postForm(auth, '/oauth/introspect', { ...form, ...more }, headers)
  isOAuthError(t, await ask(), 401, 'invalid_client', 'without a client')
  isOAuthError(t, await ask({ client_id: 'gatehouse' }), 401, 'invalid_client', 'the public client')
  isOAuthError(t, await ask({ client_id: client.id }), 401, 'invalid_client', 'a name')
  const other = await clientWithSecret(auth)
  isOAuthError(t, await ask({}, other.authorized), 403, 'access_denied', 'without the scope')
  const empty = await postForm(auth, '/oauth/introspect', {}, client.authorized)
  isOAuthError(t, empty, 400, 'invalid_request')
})
