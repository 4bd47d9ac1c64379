import { readJwt } from '@gatehouse/access-token/read-jwt'
import { signatureAlgorithms } from '../../keys/algorithms.ts'
import type { SigningKeys } from '../../keys/signing-keys.ts'
import type { CheckSignature } from './check-token.ts'

/** The claims that TOKEN_ISSUER and TOKEN_AUDIENCE decide. */
type SetClaims = { readonly iss: unknown; readonly aud: unknown }

export type OwnTokenFlawOptions = {
  /** of our own auth service */
  readonly keys: Pick<SigningKeys, 'kids' | 'find'>
  readonly checkSignature: CheckSignature
  readonly monotonicClock: () => number
  /** is called once for each flaw */
  readonly onFlaw: (flaw: string, claims: SetClaims) => void
}

/** between two tokens that are looked at, so that strangers cause little work */
const PAUSE_MS = 1000

/**
 * Notices tokens that our own auth service signed and this gateway does not accept by their form:
 * the settings of the two differ, or their versions do. Ignores tokens that others signed.
 */
export function ownTokenFlaws(options: OwnTokenFlawOptions) {
  const { monotonicClock, onFlaw } = options
  const reported = new Set<string>()
  let nextMs = Number.NEGATIVE_INFINITY
  const look = async (token: string, flaw: string): Promise<void> => {
    const claims = await claimsOfOwn(token, options)
    if (claims === null || reported.has(flaw)) return
    reported.add(flaw)
    onFlaw(flaw, claims)
  }
  return (token: string, flaw: string): void => {
    if (reported.has(flaw) || monotonicClock() < nextMs) return
    nextMs = monotonicClock() + PAUSE_MS
    // The request is refused, whether or not this succeeds.
    look(token, flaw).catch(() => {})
  }
}

/** Null if our own auth service did not sign the token. */
async function claimsOfOwn(
  token: string,
  { keys, checkSignature }: Pick<OwnTokenFlawOptions, 'keys' | 'checkSignature'>
): Promise<SetClaims | null> {
  const jwt = readJwt(token)
  if ('flaw' in jwt) return null
  const { kid, alg } = jwt.header.members
  const algorithm = signatureAlgorithms.find((known) => known === alg)
  if (typeof kid !== 'string' || algorithm === undefined || !keys.kids.includes(kid)) return null
  const key = await keys.find(kid, algorithm)
  const isOwn = key?.algorithms.includes(algorithm) && checkSignature(token, key, algorithm)
  const { iss, aud } = jwt.claims.members
  return isOwn ? { iss, aud } : null
}
