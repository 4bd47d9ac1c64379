import { ACCESS_TOKEN_TYPE, AccessTokenClaims, algorithms } from '@gatehouse/access-token/claims'
import { TOKEN_SKEW_SECONDS } from '@gatehouse/access-token/clock-skew'
import { type DelegatedToken, delegationOf } from '@gatehouse/access-token/delegation'
import { flawOfOwnHeader, OWN_DEEPEST, OWN_LONGEST_TOKEN } from '@gatehouse/access-token/own-form'
import { readJwt } from '@gatehouse/access-token/read-jwt'
import type { Sighting } from '@gatehouse/sightings/sighting'
import { createLocalJWKSet, errors, jwtVerify } from 'jose'
import { Value } from 'typebox/value'
import { FIRST_PARTY_CLIENT } from '../../clients/client.ts'
import { keysUnreadable } from '../../keys/key-refusals.ts'
import type { LiveSigningKeys } from '../../keys/live-signing-keys.ts'
import type { SigningKey } from '../../keys/signing-key.ts'
import type { KeyRing } from '../../secrets/key-ring.ts'
import { type RefreshToken, readRefreshToken, sessionId } from '../../sessions/refresh-token.ts'
import type { AccessTokenPolicy } from '../../tokens/access-token.ts'

/**
 * A token that this service issued and that has not expired. Whether its session is live is not
 * checked.
 */
export type RecognisedToken = {
  /** the OAuth client that it was issued to */
  readonly owner: string
} & (
  | {
      readonly kind: 'access'
      readonly claims: AccessTokenClaims
      /** the key that signed it */
      readonly kid: string
      /** null for a token that is for the whole installation */
      readonly delegation: DelegatedToken | null
    }
  | { readonly kind: 'refresh'; readonly token: RefreshToken; readonly sid: string }
)

/**
 * Null if this service did not issue the token, or it has expired, or its key was revoked. Reads
 * the database only for a key that this instance does not know, which another instance may have
 * created, and after another instance has revoked one.
 * @throws Refusal UNAVAILABLE if the keys cannot be read then. "Not issued here" would be wrong,
 * and a revocation would have no effect.
 */
export type RecogniseToken = (text: string) => Promise<RecognisedToken | null>

type Options = {
  readonly keys: Pick<LiveSigningKeys, 'current' | 'read'>
  readonly tokenPolicy: AccessTokenPolicy
  readonly ring: KeyRing
  readonly clock: () => number
}

/**
 * Recognises the kind of a token from the token itself, because a client's hint may be wrong (RFC
 * 7009 §2.1).
 */
export function tokenRecognition({ keys, tokenPolicy, ring, clock }: Options): RecogniseToken {
  return async (text) => {
    const token = readRefreshToken(text, ring)
    if (token !== null) {
      // Only this API's own logins open families.
      return { kind: 'refresh', owner: FIRST_PARTY_CLIENT, token, sid: sessionId(token.family) }
    }
    const read = readOwnForm(text)
    if (read === null) return null
    const known = await keysWith(read.kid, keys)
    const delegation = delegationOf(read.claims, tokenPolicy.audience)
    if (delegation === undefined) return null
    const claims = await checkedClaims(text, read.claims, { keys: known, tokenPolicy, clock })
    if (claims === null) return null
    return { kind: 'access', owner: claims.client_id, claims, kid: read.kid, delegation }
  }
}

async function keysWith(kid: string, keys: Options['keys']): Promise<readonly SigningKey[]> {
  const current = await keys.current()
  if (current.some((key) => key.kid === kid)) return current
  try {
    return await keys.read()
  } catch (error) {
    throw keysUnreadable(error)
  }
}

async function checkedClaims(
  text: string,
  claims: AccessTokenClaims,
  options: Pick<Options, 'tokenPolicy' | 'clock'> & { keys: readonly SigningKey[] }
): Promise<AccessTokenClaims | null> {
  const { keys, tokenPolicy } = options
  const { issuer } = tokenPolicy
  const nowMs = options.clock()
  // Issued further in the future than clocks may differ (jose does not check `iat`).
  if (claims.iat > Math.floor(nowMs / 1000) + TOKEN_SKEW_SECONDS) return null
  try {
    // A published key names its algorithm, and is found for no other.
    const keySet = createLocalJWKSet({ keys: keys.map(({ publicJwk }) => publicJwk) })
    await jwtVerify(text, keySet, {
      issuer,
      typ: ACCESS_TOKEN_TYPE,
      algorithms: [...algorithms],
      requiredClaims: ['exp', 'iat', 'nbf', 'sub', 'jti'],
      currentDate: new Date(nowMs),
      // As in gateways: a token issued after a change of rights is dated ahead.
      clockTolerance: TOKEN_SKEW_SECONDS
    })
    return claims
  } catch (error) {
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}

/**
 * The claims of a token and the name of its key, if it has the form that gateways require.
 * Otherwise a token could be active here and refused there.
 */
function readOwnForm(text: string): { claims: AccessTokenClaims; kid: string } | null {
  if (text.length > OWN_LONGEST_TOKEN) return null
  const read = readJwt(text)
  if ('flaw' in read || flawOfOwnHeader(read.header.members) !== null) return null
  if (Math.max(read.header.depth, read.claims.depth) > OWN_DEEPEST) return null
  const { members } = read.claims
  const { kid } = read.header.members
  if (typeof kid !== 'string' || !Value.Check(AccessTokenClaims, members)) return null
  return { claims: members, kid }
}

/** The generation of a session that the use of a token proves; null if the token has none. */
export function sightingOf(token: RecognisedToken): Sighting | null {
  if (token.kind === 'refresh') {
    const { subject, generation } = token.token
    return { subject, sid: token.sid, generation }
  }
  const { sub: subject, sid, session_generation: generation } = token.claims
  return sid === undefined || generation === undefined ? null : { subject, sid, generation }
}
