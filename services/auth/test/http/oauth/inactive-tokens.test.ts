import { sign } from 'node:crypto'
import { TOKEN_SKEW_SECONDS } from '@gatehouse/access-token/clock-skew'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import t from 'tap'
import { accountChanges } from '../../../src/accounts/changes/account-changes.ts'
import { revokeKey } from '../../../src/keys/operations/key-changes.ts'
import { generateSigningKey, type SigningKey } from '../../../src/keys/signing-key.ts'
import { AUDIENCE, LIFETIME_SECONDS } from '../../fixtures/auth-config.ts'
import { authService, disable, OPS_TOKEN, signedIn } from '../../fixtures/auth-service.ts'
import { source } from '../../fixtures/families/family-steps.ts'
import { policy } from '../../fixtures/families/stores.ts'
import { ACCESS_TOKEN, assertionOf, exchange, serviceThat } from '../../fixtures/oauth/exchange.ts'
import { clientWithSecret, operator, postForm } from '../../fixtures/oauth/oauth-client.ts'
import { isOAuthError } from '../../fixtures/oauth/oauth-error.ts'
import { asking } from './fixtures/asking.ts'

const { idleSeconds } = policy

/** Any JWT with a valid ES256 signature. */
function resigned(key: SigningKey | undefined, header: object, claims: unknown): string {
  const encode = (text: string) => Buffer.from(text).toString('base64url')
  const payload = typeof claims === 'string' ? claims : JSON.stringify(claims)
  const input = `${encode(JSON.stringify(header))}.${encode(payload)}`
  const how = { key: key?.privatePem ?? '', dsaEncoding: 'ieee-p1363' } as const
  return `${input}.${sign('sha256', Buffer.from(input), how).toString('base64url')}`
}

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

t.test('a token is not active once another instance has revoked its key', async (t) => {
  let mark = 0
  const withdrawals = { mark: async () => String(mark), async change() {} }
  const { auth, tokens, ask } = await asking(t, { withdrawals })
  const { accessToken } = tokens
  const audiences = { receives: ['orders', AUDIENCE], calls: ['inventory'] }
  const orders = await serviceThat(auth, audiences)
  const exchanges = [
    { subject_token: accessToken, subject_token_type: ACCESS_TOKEN },
    { subject_token: await assertionOf(auth, accessToken, 'orders') }
  ]
  t.equal((await ask(accessToken)).active, true)
  for (const form of exchanges) t.equal((await exchange(auth, orders, form)).statusCode, 200)

  const [leaked] = auth.signingKeys
  const spare = await generateSigningKey('ES256', 'standby')
  const at = { now: auth.clock() / 1000, lifetimeSeconds: LIFETIME_SECONDS }
  await auth.signing.store.change((ledger) =>
    revokeKey(ledger, leaked?.kid ?? '', { spare, at }, source)
  )
  mark += 1
  t.equal(auth.signing.live.active().kid, leaked?.kid, 'this instance does not know yet')
  t.strictSame(await ask(accessToken), { active: false })
  for (const form of exchanges) {
    isOAuthError(t, await exchange(auth, orders, form), 400, 'invalid_request')
  }
})
