import { invalidToken, noToken } from '../refusals.ts'
import type { Access } from '../routes/demand-schema.ts'
import type { AccessTokenVerifier, VerifiedToken } from '../tokens/access-token-verifier.ts'

/** RFC 6750 §2.1; the scheme's name in any case (RFC 9110 §11.1) */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i

/**
 * Who is calling: a verified token, at once if the gateway remembers it. Null for an anonymous request: on a public route, where a
 * token is not even looked at, and without any `Authorization` where access is optional. There, whatever comes as a credential must
 * be a good token: a client whose token has expired is told so instead of being served as a stranger.
 */
export function authenticate(
  access: Access,
  authorization: string | null,
  verifier: AccessTokenVerifier
): VerifiedToken | Promise<VerifiedToken> | null {
  if (access === 'public') return null
  if (authorization === null) {
    if (access === 'optional') return null
    throw noToken()
  }
  const token = BEARER.exec(authorization)?.[1]
  if (token === undefined) throw invalidToken('not a bearer token')
  return verifier.verify(token)
}
