import { checkPrimeSync, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import t from 'tap'
import { isRoca } from '../../src/keys/roca.ts'
import { isStrongRsaKey } from '../../src/keys/strong-rsa-key.ts'

/** The product of the first 126 primes, with which Infineon's library makes keys of 2048 bits. */
const PRIMORIAL = Array.from({ length: 702 }, (_, number) => number)
  .filter((number) => number > 1 && checkPrimeSync(BigInt(number)))
  .reduce((product, prime) => product * BigInt(prime), 1n)

const random = (bytes: number) => BigInt(`0x${randomBytes(bytes).toString('hex')}`)

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  for (let left = exponent, square = base; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

/** A prime of 1024 bits as the library makes it: k * M + 65537^a mod M. */
function infineonPrime(): bigint {
  const least = (3n << 1022n) / PRIMORIAL + 1n
  for (;;) {
    const k = least + (random(8) % (least >> 2n))
    const prime = k * PRIMORIAL + power(65537n, random(32), PRIMORIAL)
    if (checkPrimeSync(prime)) return prime
  }
}

const modulusOf = ({ n = '' }: { n?: string | undefined }) =>
  BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`)

t.test('a key that can be factored (ROCA, CVE-2017-15361) is not strong', async (t) => {
  const modulus = infineonPrime() * infineonPrime()
  t.equal(modulus.toString(2).length, 2048, 'a key of 2048 bits')
  t.ok(isRoca(modulus))
  const n = Buffer.from(modulus.toString(16), 'hex').toString('base64url')
  const roca = createPublicKey({ key: { kty: 'RSA', e: 'AQAB', n }, format: 'jwk' })
  t.notOk(isStrongRsaKey(roca))
  t.ok(isStrongRsaKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey))
})

t.test('no ordinary modulus counts as vulnerable', async (t) => {
  for (let turn = 0; turn < 20_000; turn += 1) {
    if (isRoca(random(256) | 1n)) t.fail('a random modulus has the fingerprint')
  }
  const jwk = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
    format: 'jwk'
  })
  t.notOk(isRoca(modulusOf(jwk)))
})
