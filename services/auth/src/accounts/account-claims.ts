import { AccessTokenClaims } from '@gatehouse/access-token/claims'
import { claimHeaders } from '@gatehouse/edge-headers/claim-headers'
import { claimHeader } from '@gatehouse/edge-headers/names'

/** What operators say about an account: a tenant, a plan. The user cannot change it. */
export type AccountClaims = Readonly<Record<string, unknown>>

/**
 * The names that a claim of an account cannot have, in an account or in a token. Each has a meaning
 * for issuers or verifiers of tokens (RFC 7519 §4.1, RFC 8693 §4, RFC 9068 §2.2, OpenID Connect
 * Core §2 and §5.1), or is one of our own.
 */
const RESERVED: ReadonlySet<string> = new Set([
  ...Object.keys(AccessTokenClaims.properties),
  ...`iss sub aud exp nbf iat jti typ cty alg kid crit client_id azp scope scp roles groups entitlements
  email email_verified phone_number_verified sid auth_time acr amr nonce at_hash c_hash s_hash act
  may_act cnf events token_use claims authorization_details rights_version session_generation
  delegation`.split(/\s+/)
])

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/
const MOST_CLAIMS = 32
/** of the JSON text, which is in the token, and so in each request */
const LARGEST_BYTES = 1024
const DEEPEST = 4

/** Whether a claim may have this name in a token. */
export const isReservedClaim = (name: string): boolean => RESERVED.has(name.toLowerCase())

/** Whether it can be the name of a claim of an account. */
export const isClaimName = (name: string): boolean => NAME.test(name) && !isReservedClaim(name)

/** What is wrong with the claims of an account; null if they can be stored. */
export function claimsFault(claims: AccountClaims): string | null {
  const names = Object.keys(claims)
  if (names.length > MOST_CLAIMS) return `must have at most ${MOST_CLAIMS} claims`
  const reserved = names.find(isReservedClaim)
  if (reserved !== undefined) return `must not have the claim ${reserved}, which is reserved`
  if (!names.every((name) => NAME.test(name))) {
    return 'must have names of 1 to 64 letters, digits, _ and -, beginning with a letter'
  }
  if (!Object.values(claims).every((value) => isClaim(value, DEEPEST))) {
    return `must have strings, numbers, booleans, lists and objects as values, without null, at most ${DEEPEST} deep`
  }
  return Buffer.byteLength(JSON.stringify(claims)) > LARGEST_BYTES
    ? `must have at most ${LARGEST_BYTES} bytes as JSON`
    : null
}

function isClaim(value: unknown, deepest: number): boolean {
  if (typeof value === 'object' && value !== null) {
    return deepest > 1 && Object.values(value).every((one) => isClaim(one, deepest - 1))
  }
  return ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)
}

/** The headers that services get if a route lists every claim. */
export const headersOfClaims = (claims: AccountClaims): Record<string, string> =>
  claimHeaders(
    Object.fromEntries(Object.entries(claims).map(([name, value]) => [claimHeader(name), value]))
  )
