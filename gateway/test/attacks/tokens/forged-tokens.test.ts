import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto'
import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import {
  goodClaims,
  headerOf,
  type IssuerKey,
  jwt,
  newKey,
  signature
} from '../../fixtures/issuer.ts'
import { isRefusedTwice } from '../fixtures/is-refused.ts'
import { signedBy } from '../fixtures/signed-by.ts'

/** One for all tests, because generating it takes long. */
const rsa = newKey('RS256')

const hmac = (secret: string | Buffer) => (input: string) =>
  createHmac('sha256', secret).update(input).digest()

function pemOf({ publicKey }: IssuerKey): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

t.test('a token with another algorithm than its key’s is refused', async (t) => {
  const gateway = await edge(t)
  const { key } = gateway
  const byKey = (input: string) => signature(input, key)
  const authorization = `Bearer ${signedBy(gateway, {}, byKey)}`
  const genuine = await gateway.call('/closed', { headers: { authorization } })
  t.equal(genuine.status, 200, 'the forged ones differ from this one only as titled')
  for (const alg of [
    'none',
    'None',
    'NONE',
    '',
    undefined,
    null,
    0,
    ['ES256'],
    'es256',
    'ES256 ',
    'HS256'
  ]) {
    const title = `alg ${JSON.stringify(alg)}`
    await isRefusedTwice(t, gateway, signedBy(gateway, { alg }, byKey), title)
    await isRefusedTwice(
      t,
      gateway,
      signedBy(gateway, { alg }, () => Buffer.alloc(0)),
      `${title}, unsigned`
    )
  }
  const otherKinds = {
    ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
    ES256K: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey,
    RS256: rsa.privateKey,
    EdDSA: newKey('EdDSA').privateKey
  }
  for (const [alg, privateKey] of Object.entries(otherKinds)) {
    const hash = { ES384: 'sha384', EdDSA: null }[alg] ?? 'sha256'
    const signer = (input: string) =>
      sign(alg === 'EdDSA' ? null : hash, Buffer.from(input), {
        key: privateKey,
        dsaEncoding: 'ieee-p1363'
      })
    await isRefusedTwice(t, gateway, signedBy(gateway, { alg }, signer), `a real ${alg}`)
    await isRefusedTwice(t, gateway, signedBy(gateway, {}, signer), `${alg} that says ES256`)
  }
  await isRefusedTwice(
    t,
    gateway,
    jwt(headerOf(key), goodClaims(gateway.clock()), newKey()),
    'another key'
  )
})

t.test('a token signed with the public key as an HMAC secret is refused', async (t) => {
  for (const algorithm of ['ES256', 'RS256', 'EdDSA'] as const) {
    const gateway = await edge(t, { key: algorithm === 'RS256' ? rsa : newKey(algorithm) })
    const { key } = gateway
    const secrets = {
      PEM: pemOf(key),
      'PEM without its last newline': pemOf(key).trim(),
      'PEM with CR LF': pemOf(key).replaceAll('\n', '\r\n'),
      DER: key.publicKey.export({ type: 'spki', format: 'der' }),
      'the JWK': JSON.stringify(key.jwk),
      'its kid': key.kid,
      nothing: ''
    }
    for (const [title, secret] of Object.entries(secrets)) {
      for (const alg of ['HS256', algorithm]) {
        await isRefusedTwice(
          t,
          gateway,
          signedBy(gateway, { alg }, hmac(secret)),
          `${title} as ${alg}`
        )
      }
    }
  }
})

t.test('PS256 under an RS256 key is refused, with the key’s own signature', async (t) => {
  const gateway = await edge(t, { key: rsa })
  const { privateKey: key } = gateway.key
  const pss = (input: string) =>
    sign('sha256', Buffer.from(input), {
      key,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 32
    })
  const pkcs1 = (hash: string) => (input: string) => sign(hash, Buffer.from(input), key)
  await isRefusedTwice(t, gateway, signedBy(gateway, { alg: 'PS256' }, pss), 'PS256')
  await isRefusedTwice(t, gateway, signedBy(gateway, {}, pss), 'PS256 that says RS256')
  await isRefusedTwice(t, gateway, signedBy(gateway, { alg: 'RS512' }, pkcs1('sha512')), 'RS512')
  await isRefusedTwice(t, gateway, signedBy(gateway, {}, pkcs1('sha1')), 'SHA-1')
})
