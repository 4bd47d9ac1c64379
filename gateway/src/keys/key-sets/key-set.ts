import { createPublicKey, hash, type JsonWebKey } from 'node:crypto'
import { algorithms as ownAlgorithms } from '@gatehouse/access-token/claims'
import { isStrongKey } from '@gatehouse/access-token/strong-key'
import { algorithmsOfKind, narrowed, type SignatureAlgorithm } from '../algorithms.ts'

/**
 * A key that verifies access tokens. Its algorithms are a property of the key, not of the token.
 */
export type VerificationKey = {
  /** null if the key set gives it no name (RFC 7517 §4.5) */
  readonly kid: string | null
  /**
   * more than one only if the key set does not name one (RFC 7517 §4.4), or for two names of one
   * algorithm
   */
  readonly algorithms: readonly SignatureAlgorithm[]
  /** SPKI */
  readonly pem: string
  /** the issuer of the key, if its set serves several issuers and says so; may be a template */
  readonly issuer: string | null
}

/** The keys that one document publishes. `version` identifies exactly this set. */
export type KeySet = {
  readonly version: string
  readonly keys: readonly VerificationKey[]
}

/**
 * How a key set is read. `own`: as our auth service writes it. Every key has a unique `kid` and a
 * `use`, and an RSA key is for RS256. `any`: as RFC 7517 allows other issuers to write it. `kid`,
 * `use` and `alg` are optional; a member that is present must fit.
 */
export type KeySetForm = 'own' | 'any'

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** More than any issuer publishes. Reading thousands would block the event loop. */
const MOST_KEYS = 100

const NONE: ReadonlySet<unknown> = new Set()

/**
 * Reads a JSON Web Key Set (RFC 7517), without the withdrawn keys. Ignores every key that is not
 * for this use: other types, keys that are weak or expensive, keys with private
 * parts, and keys that their `kid` does not distinguish. Pure.
 * @returns null if the document is not a key set, has no usable key, or has more than 100 keys
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
  if (!Array.isArray(published) || published.length > MOST_KEYS) return null
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

/** The document of a set without the withdrawn keys. */
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
 * Of the keys with the same `kid`, or without one, those that can be distinguished. Another issuer
 * may publish a key once for each of its algorithms, and may give one `kid` to keys of different
 * kinds (RFC 7517 §4.5). With two keys for the same algorithm, the gateway would have to guess.
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
    if (!isStrongKey(key)) return null
    const pem = key.export({ type: 'spki', format: 'pem' }).toString()
    return { kid, algorithms, pem, issuer: typeof issuer === 'string' ? issuer : null }
  } catch {
    return null
  }
}

const isAbsent = (value: unknown): value is undefined | null =>
  value === undefined || value === null

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
