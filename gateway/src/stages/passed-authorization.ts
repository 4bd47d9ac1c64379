import { mayBeRefreshToken } from '@gatehouse/access-token/refresh-token-form'
import type { StrippedRequest } from '../request/stripped-request.ts'
import type { Route } from '../routes/entry/route.ts'
import type { TrustedIssuers } from '../tokens/checks/trusted-issuers.ts'

/**
 * The `Authorization` header that the service of a public route gets because it has keys of its
 * own. A header with a token of a trusted issuer, or with a refresh token of our own auth service,
 * is never passed on, whatever its scheme: the service could use the token on every other route.
 */
export function passedAuthorization(
  { authorization, websocket }: Pick<StrippedRequest, 'authorization' | 'websocket'>,
  { credentials }: Pick<Route, 'credentials'>,
  issuers: Pick<TrustedIssuers, 'find'>
): string | null {
  if (authorization === null || !credentials.includes('authorization')) return null
  // A credential among the subprotocols is not passed on, nor is a token that the verifier would
  // not even read.
  if (typeof websocket?.bearer === 'string') return null
  return mayHoldOurToken(issuers, authorization) ? null : authorization
}

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
function mayHoldOurToken(issuers: Pick<TrustedIssuers, 'find'>, value: string): boolean {
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
  return objects.length > MOST_OBJECTS || objects.some((text) => namesIssuerOf(issuers, text))
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

function namesIssuerOf(issuers: Pick<TrustedIssuers, 'find'>, text: string): boolean {
  try {
    const claims: unknown = JSON.parse(text)
    const { iss } = (claims ?? {}) as { readonly iss?: unknown }
    return typeof iss === 'string' && issuers.find(iss) !== undefined
  } catch {
    return false
  }
}
