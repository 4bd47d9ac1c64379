import type { JWK } from 'jose'
import type { ClientAudiences } from './client-audiences.ts'

/**
 * How a client authenticates: by one method, chosen at its registration (RFC 7591 §2, OpenID
 * Connect Core §9).
 */
export const clientAuthenticationMethods = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt'
] as const
export type ClientAuthenticationMethod = (typeof clientAuthenticationMethods)[number]

/** A program that acts for itself (RFC 6749 §4.4). */
export type Client = ClientAudiences & {
  /** a UUID: the `sub` and the `client_id` of its tokens */
  readonly id: string
  /** for people */
  readonly name: string
  /** the largest scope that it can get */
  readonly scope: readonly string[]
  readonly authenticationMethod: ClientAuthenticationMethod
  /** the public keys of its assertions; empty for a client with secrets */
  readonly keys: readonly JWK[]
  /** seconds since 1970 */
  readonly createdAt: number
  readonly disabled: boolean
  /** tokens with an earlier `iat` are stale; in seconds since 1970 */
  readonly tokensNotBefore: number
  /** how often its rights have changed; the `rights_version` of its next token */
  readonly rightsVersion: number
}

/** The client of this API's own logins: a public client (RFC 6749 §2.1). */
export const FIRST_PARTY_CLIENT = 'gatehouse'

/** A family stores an empty text for that client. */
export const STORED_FIRST_PARTY = ''

/** The `client_id` of the tokens of a family. */
export const clientIdOf = (stored: string): string =>
  stored === STORED_FIRST_PARTY ? FIRST_PARTY_CLIENT : stored

/** The scope that allows a client to introspect tokens. */
export const INTROSPECT_SCOPE = 'introspect'
