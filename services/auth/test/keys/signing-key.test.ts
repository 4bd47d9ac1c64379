import { algorithms } from '@gatehouse/access-token/claims'
import { calculateJwkThumbprint, createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import t from 'tap'
import { generateSigningKey } from '../../src/keys/signing-key.ts'
import { AUDIENCE, ISSUER } from '../fixtures/auth-config.ts'
import { authService, signedIn } from '../fixtures/auth-service.ts'

/**
 * The public members of each type of key (RFC 7518 §6, RFC 8037 §2), apart from `kid`, `alg` and
 * `use`.
 */
const publicMembers = {
  ES256: ['crv', 'kty', 'x', 'y'],
  EdDSA: ['crv', 'kty', 'x'],
  RS256: ['e', 'kty', 'n']
}

for (const algorithm of algorithms) {
  t.test(`tokens under an ${algorithm} key verify with the published key set`, async (t) => {
    const key = await generateSigningKey(algorithm, 'active')
    const auth = await authService(t, { signingKeys: [key] })
    const { tokens } = await signedIn(auth)
    const keySet = createLocalJWKSet((await auth.get('/.well-known/jwks.json')).json())

    const { payload } = await jwtVerify(tokens.accessToken, keySet, {
      issuer: ISSUER,
      audience: AUDIENCE,
      typ: 'at+jwt',
      algorithms: [algorithm],
      currentDate: new Date(auth.clock())
    })

    t.equal(payload.sid, tokens.session.id)
    t.strictSame(decodeProtectedHeader(tokens.accessToken), {
      alg: algorithm,
      typ: 'at+jwt',
      kid: key.kid
    })
  })

  t.test(`only the public half of an ${algorithm} key is published`, async (t) => {
    const { publicJwk, kid } = await generateSigningKey(algorithm, 'active')
    const { kid: published, alg, use, ...rest } = publicJwk
    t.strictSame(Object.keys(rest).sort(), publicMembers[algorithm])
    t.strictSame({ published, alg, use }, { published: kid, alg: algorithm, use: 'sig' })
    t.equal(kid, await calculateJwkThumbprint(publicJwk), 'the kid is its thumbprint (RFC 7638)')
  })
}

t.test('the active one of several keys signs, and all are published', async (t) => {
  const [standby, active, retiring] = await Promise.all([
    generateSigningKey('ES256', 'standby'),
    generateSigningKey('EdDSA', 'active'),
    generateSigningKey('RS256', 'retiring')
  ])
  const auth = await authService(t, { signingKeys: [standby, active, retiring] })
  const { tokens } = await signedIn(auth)
  t.match(decodeProtectedHeader(tokens.accessToken), { kid: active.kid, alg: 'EdDSA' })
  const published = (await auth.get('/.well-known/jwks.json')).json().keys
  t.strictSame(
    published.map(({ kid }: { kid: string }) => kid).sort(),
    [standby.kid, active.kid, retiring.kid].sort()
  )
})
