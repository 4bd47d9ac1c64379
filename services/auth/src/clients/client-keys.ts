import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { isStrongKey } from '@gatehouse/access-token/strong-key'
import type { JWK } from 'jose'

/**
 * The algorithms with which a client may sign its assertions (RFC 7518 §3). Ed25519 is the newer
 * name of EdDSA (RFC 9864).
 */
export const assertionAlgorithms = ['ES256', 'Ed25519', 'EdDSA', 'RS256', 'PS256'] as const
export type AssertionAlgorithm = (typeof assertionAlgorithms)[number]

const MOST_KEYS = 10
const LONGEST_KID = 128
const BASE64URL = /^[A-Za-z0-9_-]+$/

/**
 * The keys of a registered set (RFC 7517 §5), each with its only algorithm. From then on, the key
 * decides the algorithm, never the assertion (RFC 8725 §3.1).
 * @returns a text that describes the fault if the set is not valid
 */
export function readClientKeys(set: unknown): readonly JWK[] | string {
  const { keys } = (set ?? {}) as { keys?: unknown }
  if (!Array.isArray(keys) || keys.length === 0) return 'must be a JWK Set with at least one key'
  if (keys.length > MOST_KEYS) return `must have at most ${MOST_KEYS} keys`
  const read: JWK[] = []
  for (const key of keys) {
    const result = readKey(key)
    if (typeof result === 'string') return result
    if (!isUsable(result)) return MUST_BE_USABLE
    read.push(result)
  }
  const named = new Set(read.map(({ kid }) => kid))
  if (named.size < read.length) return 'must have a different kid for each of several keys'
  return read
}

function readKey(key: unknown): JWK | string {
  if (typeof key !== 'object' || key === null) return 'must have only objects in its keys'
  const { kty, crv, x, y, n, e, alg, kid, use, d, k } = key as Readonly<Record<string, unknown>>
  if (d !== undefined || k !== undefined) return 'must have only public keys'
  if (use !== undefined && use !== 'sig') return 'must have only keys for signatures'
  if (kid !== undefined && (!isText(kid) || kid.length > LONGEST_KID)) {
    return `must have kids of 1 to ${LONGEST_KID} characters`
  }
  const name = kid === undefined ? {} : { kid }
  const is = (algorithm: AssertionAlgorithm) => alg === undefined || alg === algorithm
  if (kty === 'EC' && crv === 'P-256' && is('ES256') && isBytes(x, 32) && isBytes(y, 32)) {
    return { kty, crv, x, y, alg: 'ES256', ...name }
  }
  // Libraries use different names for this algorithm, so the curve decides.
  if (kty === 'OKP' && crv === 'Ed25519' && (is('EdDSA') || is('Ed25519')) && isBytes(x, 32)) {
    return { kty, crv, x, ...name }
  }
  // An RSA key can be used for both, so the set must name one.
  if (kty === 'RSA' && (alg === 'RS256' || alg === 'PS256')) {
    if (isText(e) && isText(n)) return { kty, n, e, alg, ...name }
  }
  return `must have only keys for ${assertionAlgorithms.join(', ')}: EC on P-256, Ed25519, or RSA with its alg`
}

const MUST_BE_USABLE =
  'must have only keys with a point of their curve that is not of small order, or RSA of 2048 to 8192 bits with an odd exponent from 65537 to 4294967295 and no known weakness'

/**
 * Whether others cannot sign in place of the owner of this key. Also asked when an assertion is
 * checked, for keys that were registered under weaker rules.
 */
export function isUsable(jwk: JWK): boolean {
  try {
    return isStrongKey(createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }))
  } catch {
    return false
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

const isBytes = (value: unknown, length: number): value is string =>
  isText(value) && BASE64URL.test(value) && Buffer.from(value, 'base64url').length === length
