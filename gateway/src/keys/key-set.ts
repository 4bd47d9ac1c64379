import { createPublicKey, hash, type JsonWebKey, type KeyObject } from 'node:crypto'
import { algorithms as ownAlgorithms } from '@gatehouse/access-token/claims'
import { algorithmsOfKind, narrowed, type SignatureAlgorithm } from './algorithms.ts'
import { isRoca } from './roca.ts'

/** A key that access tokens are verified with. Its algorithms are a property of the key, not of the token. */
export type VerificationKey = {
  /** null where the key set gives it no name (RFC 7517 §4.5) */
  readonly kid: string | null
  /** more than one only where the key set does not say which (RFC 7517 §4.4), or for two names of one algorithm */
  readonly algorithms: readonly SignatureAlgorithm[]
  /** SPKI */
  readonly pem: string
  /** whose it is, where its set serves several issuers and says so; may be a template of them */
  readonly issuer: string | null
}

/** The keys that one document publishes; `version` names exactly this set. */
export type KeySet = {
  readonly version: string
  readonly keys: readonly VerificationKey[]
}

/**
 * How a key set is read.
 * - `own`: as our auth service writes it. Every key has a `kid` of its own and a `use`, and an RSA key is for RS256.
 * - `any`: as RFC 7517 lets other issuers write it. `kid`, `use` and `alg` are optional, and a member that is given decides.
 */
export type KeySetForm = 'own' | 'any'

const RSA_MIN_BITS = 2048
/** FIPS 186-5 §A.1.1; with the exponent 1 a signature is its own message, and anyone can write one */
const RSA_MIN_EXPONENT = 65537n
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

const NONE: ReadonlySet<unknown> = new Set()

/**
 * Reads a JSON Web Key Set (RFC 7517), but for the keys that are withdrawn. Ignores each key that is not for our use: other
 * types, weak keys (short, with a small exponent, or ROCA), keys with private parts, and keys that their `kid` does not tell
 * apart. Pure.
 * @returns null where the document is no key set, or no key of it is usable
 */
export function readKeySet(
  text: string,
  form: KeySetForm,
  withdrawn: ReadonlySet<unknown> = NONE
): KeySet | null {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return null
  }
  const published = (document as { keys?: unknown } | null)?.keys
  if (!Array.isArray(published)) return null
  const usable = published
    .flatMap((jwk) => readKey(jwk, form) ?? [])
    .filter(({ kid }) => !withdrawn.has(kid))
  const byKid = Map.groupBy(usable, ({ kid }) => kid)
  const keys = [...byKid].flatMap(([kid, same]) => distinguishable(kid, same, form))
  return keys.length === 0 ? null : { version: versionOf(keys), keys }
}

/** The set without one of its keys, which may leave it empty. */
export function without(set: KeySet, kid: string): KeySet {
  const keys = set.keys.filter((key) => key.kid !== kid)
  return { keys, version: versionOf(keys) }
}

/** The document of a set without some of its keys. */
export function documentWithout(text: string, kids: ReadonlySet<unknown>): string {
  const { keys } = JSON.parse(text) as { keys: { kid?: unknown }[] }
  return JSON.stringify({ keys: keys.filter((key) => !kids.has(key?.kid)) })
}

function versionOf(keys: readonly VerificationKey[]): string {
  const lines = keys
    .map(({ kid, algorithms, issuer, pem }) => `${kid} ${algorithms} ${issuer} ${pem}`)
    .sort()
  return hash('sha256', lines.join('\n'), 'base64url').slice(0, 16)
}

/**
 * Of the keys that have one `kid`, or none, those that can be told apart: another issuer may publish a key once for each of its
 * algorithms, and give one `kid` to keys of different kinds (RFC 7517 §4.5). Two keys for the same algorithm would be a guess.
 */
function distinguishable(
  kid: string | null,
  same: readonly VerificationKey[],
  form: KeySetForm
): readonly VerificationKey[] {
  if (form === 'own') return same.length === 1 ? same : []
  const merged = [...Map.groupBy(same, ({ pem, issuer }) => `${issuer} ${pem}`).values()].flatMap(
    ([first, ...more]) => {
      if (first === undefined) return []
      const algorithms = new Set([first, ...more].flatMap((entry) => entry.algorithms))
      return { ...first, algorithms: [...algorithms].sort() }
    }
  )
  if (kid === null) return merged
  return merged.filter(
    (key) =>
      !merged.some(
        (other) => other !== key && other.algorithms.some((one) => key.algorithms.includes(one))
      )
  )
}

type Members = Record<string, unknown>

function readKey(jwk: unknown, form: KeySetForm): VerificationKey | null {
  if (typeof jwk !== 'object' || jwk === null) return null
  const { kid: given, alg, use, key_ops: operations, issuer, ...rest } = jwk as Members
  const kid = given === undefined || given === null || given === '' ? null : given
  if (kid !== null && typeof kid !== 'string') return null
  if (form === 'own' && (kid === null || use !== 'sig')) return null
  if (!isAbsent(use) && use !== 'sig') return null
  if (Array.isArray(operations) && !operations.includes('verify')) return null
  if (PRIVATE_MEMBERS.some((member) => member in rest)) return null
  const algorithms = algorithmsOf(rest, alg, form)
  if (algorithms.length === 0) return null
  try {
    const key = createPublicKey({ key: rest as JsonWebKey, format: 'jwk' })
    if (key.asymmetricKeyType === 'rsa' && isWeak(key)) return null
    const pem = key.export({ type: 'spki', format: 'pem' }).toString()
    return { kid, algorithms, pem, issuer: typeof issuer === 'string' ? issuer : null }
  } catch {
    return null
  }
}

const isAbsent = (value: unknown): value is undefined | null =>
  value === undefined || value === null

function isWeak(key: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (modulusLength < RSA_MIN_BITS || publicExponent < RSA_MIN_EXPONENT) return true
  const { n = '' } = key.export({ format: 'jwk' })
  return isRoca(BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`))
}

function algorithmsOf(
  kind: Record<string, unknown>,
  alg: unknown,
  form: KeySetForm
): readonly SignatureAlgorithm[] {
  const possible = algorithmsOfKind(kind)
  if (form === 'any') return isAbsent(alg) ? possible : narrowed(possible, alg)
  const ours = possible.filter((one) => ownAlgorithms.some((own) => own === one))
  return alg === undefined || ours.some((one) => one === alg) ? ours : []
}
