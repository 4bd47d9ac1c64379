import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { assertionAlgorithms, readClientKeys } from '../../src/clients/client-keys.ts'
import { clientKey } from '../fixtures/oauth/oauth-client.ts'

t.test('a key of each algorithm is accepted, with its use and no more', async (t) => {
  for (const alg of assertionAlgorithms) {
    const { jwk } = clientKey(alg, 'k1')
    const { alg: named, ...rest } = jwk
    const kept = jwk.crv === 'Ed25519' ? rest : jwk
    t.strictSame(readClientKeys({ keys: [{ ...jwk, use: 'sig', x5c: ['x'] }] }), [kept], named)
  }
  const { alg: _, ...unnamed } = clientKey('ES256').jwk
  t.match(readClientKeys({ keys: [unnamed] }), [{ alg: 'ES256' }], 'the curve says which')
})

t.test('a document that is not a set of public signature keys is refused', async (t) => {
  const { jwk, privateKey } = clientKey('ES256')
  const rsa = clientKey('RS256').jwk
  const ed25519 = clientKey('EdDSA').jwk
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey
  const bad: Record<string, unknown> = {
    nothing: undefined,
    'no object': 'keys',
    'no keys': { keys: [] },
    'no array': { keys: jwk },
    'no key': { keys: [null] },
    'a private key': { keys: [privateKey.export({ format: 'jwk' })] },
    'a secret': { keys: [{ kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }] },
    'a secret that calls itself a key': { keys: [{ ...jwk, k: 'c2VjcmV0' }] },
    'a key for encryption': { keys: [{ ...jwk, use: 'enc' }] },
    'another algorithm than the curve has': { keys: [{ ...jwk, alg: 'RS256' }] },
    'the algorithm none': { keys: [{ ...jwk, alg: 'none' }] },
    'Ed25519 that is for another': { keys: [{ ...clientKey('EdDSA').jwk, alg: 'ES256' }] },
    'another curve': { keys: [p384.export({ format: 'jwk' })] },
    'a point that is cut short': { keys: [{ ...jwk, x: 'AAAA' }] },
    'RSA that does not say which': { keys: [{ ...rsa, alg: undefined }] },
    'RSA of 1024 bits': { keys: [{ ...small.export({ format: 'jwk' }), alg: 'RS256' }] },
    'RSA of 16384 bits': { keys: [{ ...rsa, n: 'x'.repeat(2731) }] },
    'the RSA exponent 1': { keys: [{ ...rsa, e: 'AQ' }] },
    'the RSA exponent 3': { keys: [{ ...rsa, e: 'Aw' }] },
    'an even RSA exponent': { keys: [{ ...rsa, e: 'AQAC' }] },
    'an RSA exponent of 33 bits': { keys: [{ ...rsa, e: 'AQAAAAE' }] },
    'an RSA exponent as long as the modulus': { keys: [{ ...rsa, e: rsa.n }] },
    'RSA of 1024 bits behind zeros': {
      keys: [{ ...rsa, n: `${'A'.repeat(172)}${small.export({ format: 'jwk' }).n}` }]
    },
    'an even RSA modulus': { keys: [{ ...rsa, n: `${rsa.n?.slice(0, -2)}Ag` }] },
    'Ed25519 of small order': { keys: [{ ...ed25519, x: 'A'.repeat(43) }] },
    'no point of the curve': { keys: [{ ...jwk, y: jwk.x }] },
    'an empty kid': { keys: [{ ...jwk, kid: '' }] },
    'a kid that is not text': { keys: [{ ...jwk, kid: 7 }] },
    'two of one name': { keys: [clientKey('ES256', 'a').jwk, clientKey('EdDSA', 'a').jwk] },
    'two without a name': { keys: [clientKey('ES256').jwk, clientKey('EdDSA').jwk] },
    'too many': { keys: Array.from({ length: 11 }, (_, n) => ({ ...jwk, kid: String(n) })) }
  }
  for (const [title, set] of Object.entries(bad)) {
    t.match(readClientKeys(set), /^must /, title)
  }
})
