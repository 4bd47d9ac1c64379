import { mayBeRefreshToken } from '@gatehouse/access-token/refresh-token-form'
import type { TrustedIssuers } from './checks/trusted-issuers.ts'

/** RFC 7515 §2. The dots between the parts also divide, so that each part is checked separately. */
const NOT_IN_JWT = /[^A-Za-z0-9_-]+/
const NOT_IN_BASE64 = /[^A-Za-z0-9+/_-]+/
/** of `{"iss":"a"}`, in base64 */
const SHORTEST_CLAIMS = 15

/** More parts of that length than the credentials of any scheme have. */
const MOST_PARTS = 128
/** How many of them may look like JSON objects with an issuer. */
const MOST_OBJECTS = 16

/**
 * Whether a value contains a JWT of one of these issuers or a text in the form of our refresh
 * tokens, as it is or within base64 (`Basic`, RFC 7617), or has too many parts that could be one.
 * HPACK repeats a value of 4 KB with one byte, so the gateway reads only a few parts as JSON.
 */
export function mayHoldToken(value: string, issuers: Pick<TrustedIssuers, 'find'>): boolean {
  const plain = partsOf(value, NOT_IN_JWT)
  const encoded = partsOf(value, NOT_IN_BASE64)
  if (plain.length + encoded.length > MOST_PARTS) return true
  const inner = encoded.flatMap((part) =>
    partsOf(Buffer.from(part, 'base64').toString('latin1'), NOT_IN_JWT)
  )
  if (inner.length > MOST_PARTS) return true
  const parts = [...plain, ...inner]
  if (parts.some(mayBeRefreshToken)) return true
  const objects = parts.flatMap((part) => objectIn(part) ?? [])
  return objects.length > MOST_OBJECTS || objects.some((text) => namesIssuerOf(text, issuers))
}

const partsOf = (text: string, between: RegExp): string[] =>
  text.split(between).filter(({ length }) => length >= SHORTEST_CLAIMS)

/** The first character of base64 whose first byte is white space of JSON or `{`. */
const BEGINS_OBJECT = /^[CDIe]/
/** The name `iss`, which JSON may also write with escapes. */
const MAY_NAME_ISSUER = /"iss"|\\/

/** The text in a part that may be a JSON object with an issuer; null: it is none. */
function objectIn(part: string): string | null {
  if (!BEGINS_OBJECT.test(part)) return null
  const text = Buffer.from(part, 'base64url').toString()
  return text.trimStart().startsWith('{') && MAY_NAME_ISSUER.test(text) ? text : null
}

function namesIssuerOf(text: string, issuers: Pick<TrustedIssuers, 'find'>): boolean {
  try {
    const claims: unknown = JSON.parse(text)
    const { iss } = (claims ?? {}) as { readonly iss?: unknown }
    return typeof iss === 'string' && issuers.find(iss) !== undefined
  } catch {
    return false
  }
}
