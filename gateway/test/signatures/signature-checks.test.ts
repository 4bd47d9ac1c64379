import { createHmac, createPublicKey } from 'node:crypto'
import t from 'tap'
import { type SignatureAlgorithm, signatureAlgorithms } from '../../src/keys/algorithms.ts'
import { readKeySet } from '../../src/keys/key-sets/key-set.ts'
import { signatureChecks } from '../../src/signatures/signature-checks.ts'
import { forAlgorithm, type IssuerKey, jwt, newKey } from '../fixtures/issuer.ts'

const check = signatureChecks()
const readKey = (jwk: object) => {
  const [key] = readKeySet(JSON.stringify({ keys: [jwk] }), 'any')?.keys ?? []
  if (key === undefined) throw new Error('no key')
  return key
}
const token = (key: IssuerKey, alg: string = key.algorithm) => jwt({ alg }, { sub: 'ada' }, key)
const rsa = newKey('RS256', 'rsa')
const otherRsa = newKey('RS256')
const keyOf = (algorithm: SignatureAlgorithm, ofRsa = rsa): IssuerKey =>
  /^[RP]S/.test(algorithm) ? forAlgorithm(ofRsa, algorithm) : newKey(algorithm)

t.test('every algorithm is checked, by its own key and no other', async (t) => {
  const keys = signatureAlgorithms.map((algorithm) => keyOf(algorithm))
  for (const key of keys) {
    const { algorithm } = key
    const held = readKey(key.jwk)
    const good = token(key)
    t.equal(check(good, held, algorithm), true, algorithm)
    t.equal(check(`${good.slice(0, -8)}AAAAAAAA`, held, algorithm), false, 'spoilt')
    t.equal(check(token(keyOf(algorithm, otherRsa)), held, algorithm), false, 'another key')
    for (const other of keys.filter((one) => one.algorithm !== algorithm)) {
      const says = `${other.algorithm} that says ${algorithm}`
      const isSame = algorithm.startsWith('Ed') && other.algorithm.startsWith('Ed')
      if (!isSame) t.equal(check(token(other, algorithm), held, algorithm), false, says)
    }
  }
})

t.test('a signature has one length and one encoding', async (t) => {
  for (const algorithm of ['ES256', 'ES512', 'EdDSA', 'RS256', 'PS256'] as const) {
    const key = keyOf(algorithm)
    const held = readKey(key.jwk)
    const good = token(key)
    const [header, payload, encoded = ''] = good.split('.')
    const bytes = Buffer.from(encoded, 'base64url')
    const ofBytes = (...parts: Uint8Array[]) =>
      `${header}.${payload}.${Buffer.concat(parts).toString('base64url')}`
    t.equal(ofBytes(bytes), good)
    const others = {
      'without its last byte': ofBytes(bytes.subarray(0, -1)),
      'without its last two bytes': ofBytes(bytes.subarray(0, -2)),
      'with a byte behind it': ofBytes(bytes, Buffer.of(0)),
      'with two bytes behind it': ofBytes(bytes, Buffer.of(0, 0)),
      'with two bytes before it': ofBytes(Buffer.of(0, 0), bytes),
      'a single byte': ofBytes(Buffer.of(0)),
      'two bytes': ofBytes(Buffer.of(0, 0)),
      zeros: ofBytes(Buffer.alloc(bytes.length)),
      long: ofBytes(bytes, Buffer.alloc(9000)),
      'no bytes': ofBytes(),
      'no segment': `${header}.${payload}`,
      'another segment': `${good}.`,
      'another segment at the beginning': `x.${good}`,
      padded: `${good}==`,
      'with a line end': `${good}\n`,
      'with white space in it': `${header}.${payload}. ${encoded}`
    }
    for (const [what, other] of Object.entries(others)) {
      t.equal(check(other, held, algorithm), false, `${algorithm}: ${what}`)
    }
  }
})

t.test('a key with several algorithms checks the one that the token names', async (t) => {
  const { alg: _alg, ...silent } = rsa.jwk
  const held = readKey(silent)
  for (const algorithm of held.algorithms) {
    const signed = token({ ...rsa, algorithm })
    t.equal(check(signed, held, algorithm), true, algorithm)
    const another = algorithm === 'RS256' ? 'PS256' : 'RS256'
    t.equal(check(signed, held, another), false, `${algorithm} checked as ${another}`)
  }
  t.equal(check(token(newKey('ES256')), held, 'ES256'), false, 'not one of its own')
})

t.test('a public key is never used as a shared secret', async (t) => {
  const held = readKey(rsa.jwk)
  const secrets = [
    held.pem,
    held.pem.trim(),
    createPublicKey(held.pem).export({ type: 'spki', format: 'der' })
  ]
  for (const secret of secrets) {
    const input = jwt({ alg: 'HS256' }, { sub: 'ada' }, rsa).split('.').slice(0, 2).join('.')
    const forged = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
    t.equal(check(forged, held, 'RS256'), false)
  }
})
