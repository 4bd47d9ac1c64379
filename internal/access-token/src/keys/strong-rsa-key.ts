import type { KeyObject } from 'node:crypto'
import { hasSmallFactor, isRoca } from './roca.ts'

const MIN_BITS = 2048
/** A check with a key of 16,384 bits takes 7 ms of the event loop, and one of 8,192 bits 0.5 ms. */
const MAX_BITS = 8192
/**
 * FIPS 186-5 §A.1.1. With the exponent 1, a signature equals its message, and anyone can write one.
 */
const MIN_EXPONENT = 65537n
/**
 * The longest exponent that common libraries accept (.NET; Go has one bit less). The time of a
 * check grows with its length.
 */
const MAX_EXPONENT = 0xffff_ffffn

/**
 * Whether an RSA key that someone else made may verify signatures: others can neither compute its
 * private part (a short modulus, a small factor, ROCA) nor do without it (a small exponent), and a
 * check is cheap. Pure.
 */
export function isStrongRsaKey(key: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (modulusLength < MIN_BITS || modulusLength > MAX_BITS) return false
  if (publicExponent < MIN_EXPONENT || publicExponent > MAX_EXPONENT) return false
  const { n = '' } = key.export({ format: 'jwk' })
  const modulus = BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`)
  return publicExponent % 2n === 1n && !hasSmallFactor(modulus) && !isRoca(modulus)
}
