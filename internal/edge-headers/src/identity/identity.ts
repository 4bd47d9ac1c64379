import { identityHeader } from '../names.ts'
import { encodeValue } from './header-value.ts'

/** The caller, from a verified access token. It does not change. */
export type Identity = {
  /** the account or machine client: `sub` */
  readonly subject: string
  /** the session's public id: `sid`; null if the caller has none (a machine client) */
  readonly session: string | null
  /** the OAuth client that asked for the token: `client_id` */
  readonly client: string
  readonly roles: readonly string[]
  readonly scope: readonly string[]
  readonly email: string | null
  /** when the access token ends, in seconds since 1970: `exp` */
  readonly expiresAt: number
}

/** The members of a token or an assertion that identify the caller (RFC 9068 §2.2). */
export type IdentityClaims = {
  readonly sub: string
  readonly sid?: string
  readonly client_id: string
  /** space-separated */
  readonly scope: string
  readonly roles: readonly string[]
  readonly email?: string
}

export function identityOfClaims(claims: IdentityClaims, expiresAt: number): Identity {
  return {
    subject: claims.sub,
    session: claims.sid ?? null,
    client: claims.client_id,
    roles: claims.roles,
    scope: claims.scope === '' ? [] : claims.scope.split(' '),
    email: claims.email ?? null,
    expiresAt
  }
}

/**
 * The headers that carry an identity to a service: visible ASCII as it is, everything else
 * percent-encoded UTF-8.
 */
export function identityHeaders(identity: Identity): Record<string, string> {
  const headers: Record<string, string> = {
    [identityHeader.subject]: encodeValue(identity.subject),
    [identityHeader.client]: encodeValue(identity.client),
    [identityHeader.roles]: identity.roles.map((role) => encodeValue(role, ',')).join(','),
    [identityHeader.scope]: identity.scope.map((scope) => encodeValue(scope)).join(' '),
    [identityHeader.expires]: String(identity.expiresAt)
  }
  if (identity.session !== null) headers[identityHeader.session] = encodeValue(identity.session)
  if (identity.email !== null) headers[identityHeader.email] = encodeValue(identity.email)
  return headers
}
