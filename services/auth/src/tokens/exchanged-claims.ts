import type { AccessTokenClaims } from '@gatehouse/access-token/claims'
import { type ActingClient, actorClaims } from '@gatehouse/access-token/delegation'
import type { AccountClaims } from '../accounts/account-claims.ts'
import type { Client } from '../clients/client.ts'

/** A valid token that a client presents to get another one for the same subject (RFC 8693). */
export type SubjectToken = {
  readonly identity: { readonly subject: string; readonly session: string | null }
  readonly scope: readonly string[]
  readonly roles: readonly string[]
  readonly email: string | null
  /** the key that signed it */
  readonly kid: string
  /** seconds since 1970, as the next two */
  readonly issuedAt: number
  readonly expiresAt: number
  readonly authenticatedAt: number | null
  /** as in the token */
  readonly authenticationClass: string | null
  readonly rightsVersion: number | null
  /**
   * who acted before, and the keys of the earlier tokens; null if the subject itself was calling
   */
  readonly delegation: {
    readonly actors: readonly ActingClient[]
    readonly keys: readonly string[]
  } | null
}

/** The audience of an exchanged token, and who acts with it. */
export type Exchange = {
  readonly client: Pick<Client, 'id' | 'rightsVersion'>
  readonly audience: string
  readonly scope: readonly string[]
  /** those of the subject token that the new one keeps */
  readonly roles: readonly string[]
  /** the claims of the subject's account; empty for a machine client */
  readonly claims: AccountClaims
  /** as `issueToClient` has it */
  readonly begunMs: number
}

/** What an exchanged token has of its subject token, and who acts with it. */
export function exchangedClaims(
  subject: SubjectToken,
  { client, audience, scope, roles }: Exchange
): Omit<AccessTokenClaims, 'iss' | 'exp' | 'nbf' | 'jti'> {
  const { identity, kid, delegation, email, authenticatedAt, rightsVersion } = subject
  const acr = subject.authenticationClass
  const actor: ActingClient = { id: client.id, rightsVersion: client.rightsVersion }
  const actors = [actor, ...(delegation?.actors ?? [])]
  const keys = new Set([kid, ...(delegation?.keys ?? [])])
  return {
    aud: audience,
    sub: identity.subject,
    client_id: client.id,
    iat: subject.issuedAt,
    scope: scope.join(' '),
    roles: [...roles],
    ...(identity.session === null ? {} : { sid: identity.session }),
    ...(email === null ? {} : { email }),
    ...(authenticatedAt === null ? {} : { auth_time: authenticatedAt }),
    ...(acr === null ? {} : { acr }),
    ...(rightsVersion === null ? {} : { rights_version: rightsVersion }),
    ...actorClaims(actors, [...keys])
  }
}
