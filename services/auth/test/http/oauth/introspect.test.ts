import { sign } from 'node:crypto'
import { TOKEN_SKEW_SECONDS } from '@gatehouse/access-token/clock-skew'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import t from 'tap'
import { accountChanges } from '../../../src/accounts/account-changes.ts'
import type { SigningKey } from '../../../src/keys/signing-key.ts'
import { AUDIENCE, ISSUER, LIFETIME_SECONDS } from '../../fixtures/auth-config.ts'
import { authService, disable, OPS_TOKEN, signedIn } from '../../fixtures/auth-service.ts'
import { source } from '../../fixtures/family-steps.ts'
import { clientWithSecret, operator, postForm } from '../../fixtures/oauth-client.ts'
import { isOAuthError } from '../../fixtures/oauth-error.ts'
import { policy } from '../../fixtures/stores.ts'

const { idleSeconds, graceSeconds } = policy

/** A JWT in any form, with a good signature of ES256. */
function resigned(key: SigningKey | undefined, header: object, claims: unknown): string {
  const encode = (text: string) => Buffer.from(text).toString('base64url')
  const payload = typeof claims === 'string' ? claims : JSON.stringify(claims)
  const input = `${encode(JSON.stringify(header))}.${encode(payload)}`
  const how = { key: key?.privatePem ?? '', dsaEncoding: 'ieee-p1363' } as const
  return `${input}.${sign('sha256', Buffer.from(input), how).toString('base64url')}`
}

/** A service, a user who is signed in, and a client that may ask about tokens. */
async function asking(t: Parameters<typeof authService>[0]) {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const client = await clientWithSecret(auth, 'client_secret_basic', ['introspect'])
  const ask = async (token: string, more = {}) => {
    const form = { token, ...more }
    const answer = await postForm(auth, '/oauth/introspect', form, client.authorized)
    if (answer.statusCode !== 200) throw new Error(answer.body)
    return answer.json()
  }
  return { auth, user, tokens, client, ask }
}

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

t.test('an inactive token is only reported as inactive, whatever the reason', async (t) => {
  const { auth, user, tokens, ask } = await asking(t)
  const { accessToken, refreshToken } = tokens
  const foreign = await signedIn(await authService(t))
  const [header = '', payload = '', signature = ''] = accessToken.split('.')
  const unsigned = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
  const inactive = async (title: string, token: string) =>
    t.strictSame(await ask(token), { active: false }, title)

  await inactive('garbled', 'x')
  await inactive('another issuer’s access token', foreign.tokens.accessToken)
  await inactive('a refresh token of another ring', foreign.tokens.refreshToken)
  await inactive('no signature', `${header}.${payload}.`)
  await inactive('no algorithm', `${unsigned}.${payload}.`)
  await inactive('another spelling', `${accessToken}=`)
  await inactive('another signature', `${header}.${payload}.${[...signature].reverse().join('')}`)
  await inactive('the payload alone', payload)

  const { refreshToken: next } = (await auth.post('/refresh-token', { refreshToken })).json()
  await inactive('the previous generation, even within grace', refreshToken)
  t.equal((await ask(next)).active, true)
  t.equal((await ask(accessToken)).active, true, 'an access token lives on over a refresh')

  await disable(auth, user.id)
  await inactive('an access token of a disabled account', accessToken)
  await inactive('a refresh token of a disabled account', next)
})

t.test('a token is inactive after its expiry or the end of its session', async (t) => {
  const { auth, tokens, ask } = await asking(t)
  auth.clock.advance((tokens.expiresIn + TOKEN_SKEW_SECONDS - 1) * 1000)
  t.equal((await ask(tokens.accessToken)).active, true, 'to the last second that gateways take it')
  auth.clock.advance(1000)
  t.strictSame(await ask(tokens.accessToken), { active: false }, 'expired')
  t.equal((await ask(tokens.refreshToken)).active, true)

  const { user: grace, tokens: hers } = await signedIn(auth, 'grace@example.com')
  await auth.post('/logout', { refreshToken: hers.refreshToken })
  t.ok(grace.id)
  t.strictSame(await ask(hers.accessToken), { active: false }, 'logged out')
  t.strictSame(await ask(hers.refreshToken), { active: false }, 'logged out')

  auth.clock.advance(idleSeconds * 1000)
  t.strictSame(await ask(tokens.refreshToken), { active: false }, 'idle for too long')
  t.ok(LIFETIME_SECONDS < idleSeconds)
})

t.test(
  'a token in a form that gateways refuse is not active, even if our key signed it',
  async (t) => {
    const { auth, tokens, ask } = await asking(t)
    const [key] = auth.signingKeys
    const header = decodeProtectedHeader(tokens.accessToken)
    const claims = decodeJwt(tokens.accessToken)
    const { iat = 0 } = claims
    const signed = (more: object, text: unknown = claims) =>
      resigned(key, { ...header, ...more }, text)
    t.equal((await ask(signed({}))).active, true)
    const twice = JSON.stringify(claims).replace('{', '{"sub":"another",')
    for (const [title, token] of Object.entries({
      'a member that no header has': signed({ jku: 'https://evil.example' }),
      'a type in capitals': signed({ typ: 'AT+JWT' }),
      'a member that is given twice': signed({}, twice),
      'more than 8 KiB': signed({}, { ...claims, more: 'x'.repeat(8192) }),
      'dated ahead': signed({}, { ...claims, iat: iat + TOKEN_SKEW_SECONDS + 1 })
    })) {
      t.strictSame(await ask(token), { active: false }, title)
    }
  }
)

t.test('a token that gateways refuse as stale is not active', async (t) => {
  const { auth, user, tokens, ask } = await asking(t)
  const machine = await clientWithSecret(auth)
  const machineToken = async (): Promise<string> => {
    const grant = { grant_type: 'client_credentials' }
    return (await postForm(auth, '/oauth/token', grant, machine.authorized)).json().access_token
  }
  const held = await machineToken()
  t.equal((await ask(held)).active, true)
  await operator(auth).disable(machine.id, source)
  await operator(auth).enable(machine.id, source)
  t.strictSame(await ask(held), { active: false }, 'of a client that was disabled and enabled')
  t.equal((await ask(await machineToken())).active, true, 'the next one is')

  t.equal((await ask(tokens.accessToken)).active, true)
  const change = { stale: auth.stale.now, source, clock: auth.clock }
  await accountChanges(auth.database).setRoles(user.id, ['auditor'], change)
  t.strictSame(await ask(tokens.accessToken), { active: false }, 'of a user whose roles changed')
  const { refreshToken } = tokens
  const { accessToken } = (await auth.post('/refresh-token', { refreshToken })).json()
  t.equal((await ask(accessToken)).active, true, 'the next one is')
})

t.test('after all tokens were revoked, only later tokens are active', async (t) => {
  const { auth, tokens, ask } = await asking(t)
  const machine = await clientWithSecret(auth)
  const machineToken = async (): Promise<string> => {
    const grant = { grant_type: 'client_credentials' }
    return (await postForm(auth, '/oauth/token', grant, machine.authorized)).json().access_token
  }
  const held = await machineToken()
  const headers = { authorization: `Bearer ${OPS_TOKEN}` }
  const revoked = auth.ops.inject({ method: 'POST', url: '/ops/tokens/revoke-all', headers })
  t.equal((await revoked).statusCode, 200)
  t.strictSame(await ask(tokens.accessToken), { active: false })
  t.strictSame(await ask(held), { active: false }, 'of machine clients too')
  t.equal((await ask(tokens.refreshToken)).active, true, 'a refresh brings one that is')

  auth.clock.advance(3000)
  const { refreshToken } = tokens
  const { accessToken } = (await auth.post('/refresh-token', { refreshToken })).json()
  t.equal((await ask(accessToken)).active, true)
  t.equal((await ask(await machineToken())).active, true)
})

t.test('introspection changes nothing', async (t) => {
  const { auth, tokens, ask, client } = await asking(t)
  const { refreshToken } = (
    await auth.post('/refresh-token', { refreshToken: tokens.refreshToken })
  ).json()
  auth.clock.advance(graceSeconds * 1000)
  const state = async () => ({
    // Only that the tokens are in use is noted.
    families: (await auth.store.families.list(decodeJwt(tokens.accessToken).sub ?? '')).map(
      ({ sid, record: { seen: _, ...rest } }) => ({ sid, ...rest })
    ),
    audit: await auth.database.selectFrom('audit_events').selectAll().execute()
  })
  const before = await state()
  for (let times = 0; times < 200; times += 1) {
    await ask(tokens.refreshToken)
    await ask(refreshToken)
    await ask(tokens.accessToken)
  }
  t.strictSame(await state(), before, 'a spent token that is asked about is not a reuse')
  t.equal((await auth.post('/refresh-token', { refreshToken })).statusCode, 200, 'nor counted')
  t.ok(client.id)
})

t.test('only clients with the scope introspect are answered', async (t) => {
  const { auth, tokens, client } = await asking(t)
  const form = { token: tokens.accessToken }
  const ask = (more = {}, headers = {}) =>
    postForm(auth, '/oauth/introspect', { ...form, ...more }, headers)
  isOAuthError(t, await ask(), 401, 'invalid_client', 'nobody')
  isOAuthError(t, await ask({ client_id: 'gatehouse' }), 401, 'invalid_client', 'the public client')
  isOAuthError(t, await ask({ client_id: client.id }), 401, 'invalid_client', 'a name')
  const other = await clientWithSecret(auth)
  isOAuthError(t, await ask({}, other.authorized), 403, 'access_denied', 'without the scope')
  const empty = await postForm(auth, '/oauth/introspect', {}, client.authorized)
  isOAuthError(t, empty, 400, 'invalid_request')
})
