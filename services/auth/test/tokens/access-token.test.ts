import { decodeJwt, decodeProtectedHeader } from 'jose'
import t from 'tap'
import { generateSigningKey } from '../../src/keys/signing-key.ts'
import { type AccessTokenSubject, accessTokens } from '../../src/tokens/access-token.ts'
import { AUDIENCE, ISSUER } from '../fixtures/auth-config.ts'
import { authService, email, signedIn } from '../fixtures/auth-service.ts'

t.test('an access token has the documented claims, and no others', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const now = auth.clock() / 1000
  const { jti, exp, ...claims } = decodeJwt(tokens.accessToken)

  t.strictSame(decodeProtectedHeader(tokens.accessToken), {
    alg: 'ES256',
    typ: 'at+jwt',
    kid: auth.signingKeys[0]?.kid
  })
  t.strictSame(claims, {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: user.id,
    iat: now,
    nbf: now,
    client_id: 'gatehouse',
    sid: tokens.session.id,
    scope: 'orders:read orders:write',
    roles: ['user'],
    email,
    auth_time: now,
    acr: 'aal1',
    amr: ['pwd'],
    rights_version: 0,
    session_generation: 0
  })
  t.match(jti, /^[0-9a-f-]{36}$/)
  t.equal(exp, now + tokens.expiresIn, 'expiresIn is its life')
})

t.test('after a refresh, the token still has the time of the login', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const signedInAt = auth.clock() / 1000
  auth.clock.advance(90_000)
  const { refreshToken } = tokens
  const { accessToken } = (await auth.post('/refresh-token', { refreshToken })).json()
  t.match(decodeJwt(accessToken), {
    auth_time: signedInAt,
    iat: signedInAt + 90,
    sid: tokens.session.id,
    session_generation: 1
  })
})

const key = await generateSigningKey('ES256', 'active')
const NOW_MS = 1_800_000_000_999
const subject: AccessTokenSubject = {
  account: {
    id: 'account',
    email,
    disabled: false,
    tokensNotBefore: 0,
    claims: {},
    rightsVersion: 0,
    roles: ['user'],
    scope: ['a', 'b', 'c']
  },
  sid: 'session',
  generation: 4,
  clientId: '',
  requestedScope: '',
  authentication: { amr: ['pwd'], atSeconds: 0 },
  tokensNotBefore: 0,
  begunMs: NOW_MS
}

/** Issues unsigned tokens: their claims as JSON. */
const unsigned = (lifetimeSeconds: number, namesGeneration = true) =>
  accessTokens({
    policy: {
      issuer: ISSUER,
      audience: AUDIENCE,
      lifetimeSeconds,
      claims: new Map(),
      exchangeSeconds: 60,
      namesGeneration
    },
    keys: { active: () => key, async untilCurrent() {} },
    sign: (claims) => JSON.stringify(claims),
    clock: () => NOW_MS
  })

t.test('a lifetime is up to 5 % shorter at random, and never longer', async (t) => {
  const tokens = unsigned(300)
  const issued = await Promise.all(Array.from({ length: 2000 }, () => tokens.issue(subject)))
  const lives = new Set(issued.map(({ expiresIn }) => expiresIn))
  t.equal(Math.max(...lives), 300)
  t.equal(Math.min(...lives), 285)
  t.equal(lives.size, 16, 'every second between')
  t.equal((await unsigned(10).issue(subject)).expiresIn, 10, 'a short life stays whole')
})

t.test(
  'a token is dated by the beginning of its request, not by its later signature',
  async (t) => {
    const of = async (begunMs: number) => {
      const { token, expiresIn } = await unsigned(300).issue({ ...subject, begunMs })
      const { iat, nbf, exp } = JSON.parse(token)
      return { iat, nbf, life: exp - iat - expiresIn }
    }
    const began = 1_800_000_000 - 2000
    // The process was stopped, and its session may have ended so long ago that gateways have
    // forgotten it.
    t.strictSame(await of(began * 1000), { iat: began, nbf: began, life: 0 })
    const now = 1_800_000_000
    t.strictSame(
      await of(NOW_MS + 60_000),
      { iat: now, nbf: now, life: 0 },
      'a clock that was set back'
    )
    const changed = await unsigned(300).issue({ ...subject, tokensNotBefore: now + 2 })
    t.match(JSON.parse(changed.token), { iat: now + 2, nbf: now }, 'rights that have just changed')
  }
)

t.test('no two tokens are equal', async (t) => {
  const tokens = unsigned(300)
  const issued = await Promise.all(Array.from({ length: 1000 }, () => tokens.issue(subject)))
  const ids = issued.map(({ token }) => JSON.parse(token).jti)
  t.equal(new Set(ids).size, 1000)
})

t.test('a session gets the requested part of the account’s scope', async (t) => {
  const scope = async (requestedScope: string) =>
    JSON.parse((await unsigned(300).issue({ ...subject, requestedScope })).token).scope
  t.equal(await scope(''), 'a b c', 'all, where it asked for nothing')
  t.equal(await scope('c a'), 'a c')
  t.equal(await scope('c admin'), 'c', 'never more')
  t.equal(await scope('admin'), '')
})

t.test('with recovery off, a token has no generation', async (t) => {
  t.equal(JSON.parse((await unsigned(300).issue(subject)).token).session_generation, 4)
  t.notOk('session_generation' in JSON.parse((await unsigned(300, false).issue(subject)).token))
})
