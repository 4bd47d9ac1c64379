import { identityHeader } from './names.ts'

/** Who is calling, as the gateway learned it from a verified access token. Written once, then only read. */
export type Identity = {
  /** the account or machine client: `sub` */
  readonly subject: string
  /** the session's public id: `sid`; null where the caller has none (a machine client) */
  readonly session: string | null
  /** the OAuth client that asked for the token: `client_id` */
  readonly client: string
  readonly roles: readonly string[]
  readonly scope: readonly string[]
  readonly email: string | null
  /** when the access token ends, in seconds since 1970: `exp` */
  readonly expiresAt: number
}

/** The members by which a token or an assertion says who is calling (RFC 9068 §2.2). */
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

/** How many bytes the identity headers of one request may take, names included. */
export const IDENTITY_BUDGET_BYTES = 4096

export class IdentityTooLarge extends Error {
  override readonly name = 'IdentityTooLarge'
}

/**
 * The headers that carry an identity to a service: visible ASCII as it is, everything else percent-encoded UTF-8.
 * @throws IdentityTooLarge over the budget: an identity is never cut short
 */
export function identityHeaders(identity: Identity): Record<string, string> {
  const headers: Record<string, string> = {
    [identityHeader.subject]: encode(identity.subject),
    [identityHeader.client]: encode(identity.client),
    [identityHeader.roles]: identity.roles.map((role) => encode(role, ',')).join(','),
    [identityHeader.scope]: identity.scope.map((scope) => encode(scope)).join(' '),
    [identityHeader.expires]: String(identity.expiresAt)
  }
  if (identity.session !== null) headers[identityHeader.session] = encode(identity.session)
  if (identity.email !== null) headers[identityHeader.email] = encode(identity.email)

  let bytes = 0
  for (const [name, value] of Object.entries(headers)) bytes += name.length + value.length + 4
  if (bytes > IDENTITY_BUDGET_BYTES) {
    throw new IdentityTooLarge(
      `identity headers of ${bytes} bytes, ${IDENTITY_BUDGET_BYTES} allowed`
    )
  }
  return headers
}

/** What `identityHeaders` wrote, read again; null where the request is not a signed-in one. */
export function readIdentity(
  headers: Readonly<Record<string, string | string[] | undefined>>
): Identity | null {
  const read = (name: string): string | null => {
    const value = headers[name]
    return typeof value === 'string' ? value : null
  }
  const subject = read(identityHeader.subject)
  const client = read(identityHeader.client)
  const expires = read(identityHeader.expires)
  if (subject === null || client === null || expires === null || !/^\d{1,15}$/.test(expires)) {
    return null
  }
  const session = read(identityHeader.session)
  const email = read(identityHeader.email)
  return {
    subject: decode(subject),
    session: session === null ? null : decode(session),
    client: decode(client),
    roles: list(read(identityHeader.roles), ','),
    scope: list(read(identityHeader.scope), ' '),
    email: email === null ? null : decode(email),
    expiresAt: Number(expires)
  }
}

function list(value: string | null, separator: string): string[] {
  return value === null || value === '' ? [] : value.split(separator).map(decode)
}

/** Percent-encodes all but visible ASCII, and `%` itself and the list's separator, so that decoding gives the value back. */
function encode(value: string, separator = ' '): string {
  return value
    .toWellFormed()
    .replace(/[^\x21-\x7e]|%/gu, encodeURIComponent)
    .replaceAll(separator, encodeURIComponent(separator))
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
