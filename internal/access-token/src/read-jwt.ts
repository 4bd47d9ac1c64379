import { type StrictJson, strictJsonObject } from './strict-json.ts'

/** Why a text is not a token; for the log. */
export type Flaw = { readonly flaw: string }

/**
 * The contents of the first two segments of a JWS (RFC 7515 §7.1). The signature is not checked.
 */
type ReadJwt = { readonly header: StrictJson; readonly claims: StrictJson }

/** the size of a whole header section */
const LONGEST_TOKEN = 16_384
const SEGMENT = /^[A-Za-z0-9_-]+$/

/** Reads a JWT strictly: each token has a single encoding and one meaning. Pure. */
export function readJwt(token: string): ReadJwt | Flaw {
  if (token.length > LONGEST_TOKEN) return { flaw: 'too long' }
  const segments = token.split('.')
  const [first, payload, signature] = segments.map(decodeSegment)
  if (segments.length !== 3 || !first || !payload || !signature) {
    return { flaw: 'not three base64url segments' }
  }
  const header = strictJsonObject(first)
  if (header === null) return { flaw: 'the header is not strict JSON' }
  const claims = strictJsonObject(payload)
  return claims === null ? { flaw: 'the claims are not strict JSON' } : { header, claims }
}

/**
 * Decodes base64url without padding, in its only valid encoding of the bytes; null if it is not
 * that.
 */
function decodeSegment(segment: string): Buffer | null {
  if (!SEGMENT.test(segment)) return null
  const bytes = Buffer.from(segment, 'base64url')
  return bytes.toString('base64url') === segment ? bytes : null
}
