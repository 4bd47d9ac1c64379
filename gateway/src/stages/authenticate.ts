import type { ClientOf } from '../keys/find-key.ts'
import { invalidToken, noToken } from '../refusals.ts'
import type { Access } from '../routes/entry/demand-schema.ts'
import type { AccessTokenVerifier } from '../tokens/access-token-verifier.ts'
import type { VerifiedToken } from '../tokens/verified-token.ts'

/** RFC 6750 §2.1; the name of the scheme in any letter case (RFC 9110 §11.1) */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i

/**
 * Finds the caller: a verified token, without delay if the gateway remembers it. Null for an
 * anonymous request: on a public route, where the gateway does not look at tokens, and on a route
 * with optional access if there is no `Authorization`. On such a route, any credential must be a
 * valid token, so that a client with an expired token gets an error and is not served as anonymous.
 */
export function authenticate(
  access: Access,
  authorization: string | null,
  verifier: AccessTokenVerifier,
  clientOf: ClientOf
): VerifiedToken | Promise<VerifiedToken> | null {
  if (access === 'public') return null
  if (authorization === null) {
    if (access === 'optional') return null
    throw noToken()
  }
  const token = BEARER.exec(authorization)?.[1]
  if (token === undefined) throw invalidToken('the Authorization header is not a bearer token')
  return verifier.verify(token, clientOf)
}
