import { type StrictJson, strictJsonObject } from './strict-json.ts'

/** Why a token is not one; for the log. */
export type Flaw = { readonly flaw: string }

/** What the first two segments of a JWS say (RFC 7515 §7.1). Its signature is not checked. */
export type ReadJwt = { readonly header: StrictJson; readonly claims: StrictJson }

/** as much as a header section holds */
const LONGEST_TOKEN = 16_384
const SEGMENT = /^[A-Za-z0-9_-]+$/

/** Reads a JWT as strictly as it can be read: one token has one spelling and one meaning. Pure. */
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

/** base64url without padding, and the one spelling of its bytes; null where it is not that. */
function decodeSegment(segment: string): Buffer | null {
  if (!SEGMENT.test(segment)) return null
  const bytes = Buffer.from(segment, 'base64url')
  return bytes.toString('base64url') === segment ? bytes : null
}
