import {
  ACCESS_TOKEN_TYPE,
  AccessTokenClaims,
  type Algorithm,
  algorithms
} from '@gatehouse/access-token/claims'
import { Value } from 'typebox/value'
import { strictJsonObject } from './strict-json.ts'

/** A token that has the form of an access token (RFC 9068 §4). Its signature is not checked yet. */
export type ReadToken = {
  readonly kid: string
  readonly algorithm: Algorithm
  readonly claims: AccessTokenClaims
}

/** Why a token is not one; for the log. */
export type Flaw = { readonly flaw: string }

export type TokenExpectation = {
  readonly issuer: string
  readonly audience: string
}

const LONGEST_TOKEN = 8192
const LONGEST_KID = 128
const SEGMENT = /^[A-Za-z0-9_-]+$/

/**
 * Reads an access token by its strict profile: one spelling, one meaning. Pure; everything that does not depend on the
 * key or the clock is decided here.
 */
export function readAccessToken(token: string, expected: TokenExpectation): ReadToken | Flaw {
  if (token.length > LONGEST_TOKEN) return { flaw: 'too long' }
  const segments = token.split('.')
  const [header, payload, signature] = segments.map(decodeSegment)
  if (segments.length !== 3 || !header || !payload || !signature) {
    return { flaw: 'not three base64url segments' }
  }
  const read = readHeader(header)
  if ('flaw' in read) return read
  const claims = readClaims(payload, expected)
  return 'flaw' in claims ? claims : { ...read, claims: claims.claims }
}

/** base64url without padding, and the one spelling of its bytes; null where it is not that. */
function decodeSegment(segment: string): Buffer | null {
  if (!SEGMENT.test(segment)) return null
  const bytes = Buffer.from(segment, 'base64url')
  return bytes.toString('base64url') === segment ? bytes : null
}

/** The header may say which key, and must say what kind of token; whatever else it says is not ours (RFC 8725 §3.1, §3.10, §3.11). */
function readHeader(bytes: Buffer): Pick<ReadToken, 'kid' | 'algorithm'> | Flaw {
  const header = strictJsonObject(bytes)
  if (header === null) return { flaw: 'the header is not strict JSON' }
  const { alg, kid, typ, ...unknown } = header
  if (Object.keys(unknown).length > 0) {
    return { flaw: 'the header has a member that no access token has' }
  }
  if (typ !== ACCESS_TOKEN_TYPE) return { flaw: 'typ is not at+jwt' }
  if (typeof kid !== 'string' || kid === '' || kid.length > LONGEST_KID) {
    return { flaw: 'kid is not a short string' }
  }
  const algorithm = algorithms.find((known) => known === alg)
  return algorithm === undefined ? { flaw: 'alg is not one of ours' } : { kid, algorithm }
}

function readClaims(
  bytes: Buffer,
  { issuer, audience }: TokenExpectation
): Pick<ReadToken, 'claims'> | Flaw {
  const claims = strictJsonObject(bytes)
  if (claims === null) return { flaw: 'the claims are not strict JSON' }
  if (!Value.Check(AccessTokenClaims, claims)) return { flaw: 'the claims do not fit their schema' }
  if (claims.iss !== issuer) return { flaw: 'another issuer' }
  if (![claims.aud].flat().includes(audience)) return { flaw: 'another audience' }
  return { claims }
}
