import type { KeyObject } from 'node:crypto'

/** The prime of the field, and the constant of the curve (RFC 8032 §5.1). */
const PRIME = 2n ** 255n - 19n
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n
const SIGN = 1n << 255n

/**
 * Whether an Ed25519 key that someone else made may verify signatures: it is a point of the curve
 * in its only encoding (RFC 8032 §5.1.3), and not of small order. Node.js accepts any 32 bytes as a
 * key. Its OpenSSL accepts no signature of a key of small order, but others do (RFC 8032 §8.9).
 * Pure.
 */
export function isStrongEd25519Key(key: KeyObject): boolean {
  const { x = '' } = key.export({ format: 'jwk' })
  const encoded = BigInt(`0x${Buffer.from(x, 'base64url').reverse().toString('hex')}`)
  const y = encoded % SIGN
  return y < PRIME && isOnCurve(y) && !hasSmallOrder(y)
}

/** Whether x² = (y² - 1) / (d y² + 1) has a solution other than 0, by Euler's criterion. */
function isOnCurve(y: bigint): boolean {
  const square = (y * y) % PRIME
  return power((square - 1n) * (D * square + 1n), (PRIME - 1n) / 2n) === 1n
}

/**
 * Whether the order of a point divides 8: with such a key, one signature in eight is valid, whoever
 * has written it. x is 0 for the orders 1 and 2, y is 0 for the order 4, and the double of a point
 * of the order 8 has the order 4, so y² = -x², which the equation of the curve makes d y⁴ + 2 y² =
 * 1.
 */
function hasSmallOrder(y: bigint): boolean {
  const square = (y * y) % PRIME
  return square <= 1n || (D * square * square + 2n * square) % PRIME === 1n
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = ((base % PRIME) + PRIME) % PRIME
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % PRIME
    square = (square * square) % PRIME
  }
  return result
}
