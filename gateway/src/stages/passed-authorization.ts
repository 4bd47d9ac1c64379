import type { Route } from '../routes/route.ts'
import type { TrustedIssuers } from '../tokens/trusted-issuers.ts'
import type { StrippedRequest } from './strip.ts'

/**
 * The `Authorization` header that the service of a public route gets because it has keys of its
 * own. A header with a token of a trusted issuer is never passed on, whatever its scheme: the
 * service could use the token on every other route.
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
  return holdsTokenOf(issuers, authorization) ? null : authorization
}

/**
 * Whether a value contains a JWT of one of these issuers, as it is or within base64 (`Basic`, RFC
 * 7617).
 */
function holdsTokenOf(issuers: Pick<TrustedIssuers, 'find'>, value: string): boolean {
  const isTheirs = (text: string): boolean =>
    text.split(NOT_IN_JWT).some((part) => {
      const issuer = issuerIn(part)
      return issuer !== null && issuers.find(issuer) !== undefined
    })
  return (
    isTheirs(value) ||
    value
      .split(NOT_IN_BASE64)
      .some((part) => isTheirs(Buffer.from(part, 'base64').toString('latin1')))
  )
}

/** RFC 7515 §2. The dots between the parts also divide, so that each part is checked separately. */
const NOT_IN_JWT = /[^A-Za-z0-9_-]+/
const NOT_IN_BASE64 = /[^A-Za-z0-9+/_-]+/
/** of `{"iss":"a"}`, in base64 */
const SHORTEST_CLAIMS = 15

function issuerIn(part: string): string | null {
  if (part.length < SHORTEST_CLAIMS) return null
  try {
    const claims: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    const { iss } = (claims ?? {}) as { readonly iss?: unknown }
    return typeof iss === 'string' ? iss : null
  } catch {
    return null
  }
}
