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
    t.equal(await check(good, held, algorithm), true, algorithm)
    t.equal(await check(`${good.slice(0, -8)}AAAAAAAA`, held, algorithm), false, 'spoilt')
    t.equal(await check(token(keyOf(algorithm, otherRsa)), held, algorithm), false, 'another key')
    for (const other of keys.filter((one) => one.algorithm !== algorithm)) {
      const says = `${other.algorithm} that says ${algorithm}`
      const isSame = algorithm.startsWith('Ed') && other.algorithm.startsWith('Ed')
      if (!isSame) t.equal(await check(token(other, algorithm), held, algorithm), false, says)
    }
  }
})

t.test('a key with several algorithms checks the one that the token names', async (t) => {
  const { alg: _alg, ...silent } = rsa.jwk
  const held = readKey(silent)
  for (const algorithm of held.algorithms) {
    const signed = token({ ...rsa, algorithm })
    t.equal(await check(signed, held, algorithm), true, algorithm)
    const another = algorithm === 'RS256' ? 'PS256' : 'RS256'
    t.equal(await check(signed, held, another), false, `${algorithm} checked as ${another}`)
  }
  t.equal(await check(token(newKey('ES256')), held, 'ES256'), false, 'not one of its own')
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
    t.equal(await check(forged, held, 'RS256'), false)
  }
})
