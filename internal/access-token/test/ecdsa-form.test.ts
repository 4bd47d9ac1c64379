import { generateKeyPairSync, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { derOfSignature, signatureOfDer } from '../src/ecdsa-form.ts'

const curves = [
  { namedCurve: 'P-256', bytes: 32, digest: 'sha256' },
  { namedCurve: 'P-384', bytes: 48, digest: 'sha384' },
  { namedCurve: 'P-521', bytes: 66, digest: 'sha512' }
]
const IN_JWS = 'ieee-p1363'

t.test('a signature is the same in both forms, on every curve', async (t) => {
  for (const { namedCurve, bytes, digest } of curves) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve })
    const message = Buffer.from(namedCurve)
    for (let round = 0; round < 64; round += 1) {
      const der = sign(digest, message, privateKey)
      const signature = signatureOfDer(der, bytes)
      t.equal(signature.length, 2 * bytes)
      t.ok(verify(digest, message, { key: publicKey, dsaEncoding: IN_JWS }, signature))
      t.same(derOfSignature(signature), der)
    }
  }
})

t.test('every number has one form: as short as possible, and not negative', async (t) => {
  const numbers = (bytes: number) =>
    fc
      .tuple(fc.nat(bytes), fc.uint8Array({ minLength: bytes, maxLength: bytes }))
      .map(([zeros, number]) => number.fill(0, 0, zeros))
  for (const { bytes } of curves) {
    fc.assert(
      fc.property(numbers(bytes), numbers(bytes), (r, s) => {
        const signature = Buffer.concat([r, s])
        const der = derOfSignature(signature)
        t.same(signatureOfDer(der, bytes), signature)
        t.same(integersOf(der), [BigInt(`0x${hex(r)}`), BigInt(`0x${hex(s)}`)])
      }),
      { numRuns: 200 }
    )
  }
})

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Reads DER strictly (X.690 §8.1.3, §8.3). */
function integersOf(der: Buffer): bigint[] {
  const long = der[1] === 0x81
  const content = der.subarray(long ? 3 : 2)
  const length = der[long ? 2 : 1] ?? 0
  if (der[0] !== 0x30 || length !== content.length || long !== length > 127) throw new Error('form')
  const integers: bigint[] = []
  for (let at = 0; at < content.length; ) {
    const [tag, size = 0] = content.subarray(at)
    const number = content.subarray(at + 2, at + 2 + size)
    const [first = 0, second = 0] = number
    const isShortest = size === 1 || first !== 0 || second > 127
    if (tag !== 0x02 || number.length !== size || first > 127 || !isShortest)
      throw new Error('form')
    integers.push(BigInt(`0x${hex(number)}`))
    at += 2 + size
  }
  return integers
}
