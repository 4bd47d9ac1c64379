import { createPublicKey, hash, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { Algorithm } from '@gatehouse/access-token/claims'
import { isRoca } from './roca.ts'

/** A key that access tokens are verified with. Its algorithm is a property of the key, not of the token. */
export type VerificationKey = {
  readonly kid: string
  readonly algorithm: Algorithm
  /** SPKI */
  readonly pem: string
}

/** The keys that one document publishes; `version` names exactly this set. */
export type KeySet = {
  readonly version: string
  readonly keys: ReadonlyMap<string, VerificationKey>
}

const RSA_MIN_BITS = 2048
/** FIPS 186-5 §A.1.1; with the exponent 1 a signature is its own message, and anyone can write one */
const RSA_MIN_EXPONENT = 65537n
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

const NONE: ReadonlySet<string> = new Set()

/**
 * Reads a JSON Web Key Set (RFC 7517), but for the keys that are withdrawn. Keys that are not for our use are ignored one by one: other types, weak ones
 * (short, with a small exponent, or ROCA), ones with private parts, and every key of a `kid` that is given twice. Pure.
 * @returns null where the document is no key set, or no key of it is usable
 */
export function readKeySet(text: string, withdrawn = NONE): KeySet | null {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return null
  }
  const published = (document as { keys?: unknown } | null)?.keys
  if (!Array.isArray(published)) return null
  const keys = new Map<string, VerificationKey>()
  const twice = new Set<string>()
  for (const key of published.map(readKey)) {
    if (key === null || withdrawn.has(key.kid)) continue
    if (keys.has(key.kid)) twice.add(key.kid)
    keys.set(key.kid, key)
  }
  for (const kid of twice) keys.delete(kid)
  return keys.size === 0 ? null : { version: versionOf(keys), keys }
}

/** The set without one of its keys, which may leave it empty. */
export function without(set: KeySet, kid: string): KeySet {
  const keys = new Map([...set.keys].filter(([name]) => name !== kid))
  return { keys, version: versionOf(keys) }
}

/** The document of a set without some of its keys. */
export function documentWithout(text: string, kids: ReadonlySet<unknown>): string {
  const { keys } = JSON.parse(text) as { keys: { kid?: unknown }[] }
  return JSON.stringify({ keys: keys.filter((key) => !kids.has(key?.kid)) })
}

function versionOf(keys: ReadonlyMap<string, VerificationKey>): string {
  const pems = [...keys.values()].map(({ kid, pem }) => `${kid} ${pem}`).sort()
  return hash('sha256', pems.join('\n'), 'base64url').slice(0, 16)
}

function readKey(jwk: unknown): VerificationKey | null {
  if (typeof jwk !== 'object' || jwk === null) return null
  const { kid, alg, use, ...rest } = jwk as Record<string, unknown>
  if (typeof kid !== 'string' || kid === '' || use !== 'sig') return null
  if (PRIVATE_MEMBERS.some((member) => member in rest)) return null
  const algorithm = algorithmOf(rest)
  if (algorithm === null || (alg !== undefined && alg !== algorithm)) return null
  try {
    const key = createPublicKey({ key: rest as JsonWebKey, format: 'jwk' })
    if (algorithm === 'RS256' && isWeak(key)) return null
    return { kid, algorithm, pem: key.export({ type: 'spki', format: 'pem' }).toString() }
  } catch {
    return null
  }
}

function isWeak(key: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (modulusLength < RSA_MIN_BITS || publicExponent < RSA_MIN_EXPONENT) return true
  const { n = '' } = key.export({ format: 'jwk' })
  return isRoca(BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`))
}

function algorithmOf({ kty, crv }: Record<string, unknown>): Algorithm | null {
  if (kty === 'EC' && crv === 'P-256') return 'ES256'
  if (kty === 'OKP' && crv === 'Ed25519') return 'EdDSA'
  return kty === 'RSA' ? 'RS256' : null
}
