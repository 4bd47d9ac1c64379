import { invalidToken, noToken } from '../refusals.ts'
import type { Route } from '../routes/route.ts'
import type { AccessTokenVerifier, VerifiedToken } from '../tokens/access-token-verifier.ts'

/** RFC 6750 §2.1; the scheme's name in any case (RFC 9110 §11.1) */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i

/** Who is calling: a verified token, at once where it was seen before, or no one on a public row, where a token is not even looked at. */
export function authenticate(
  route: Route,
  authorization: string | null,
  verifier: AccessTokenVerifier
): VerifiedToken | Promise<VerifiedToken> | null {
  if (route.access === 'public') return null
  if (authorization === null) throw noToken()
  const token = BEARER.exec(authorization)?.[1]
  if (token === undefined) throw invalidToken('not a bearer token')
  return verifier.verify(token)
}
