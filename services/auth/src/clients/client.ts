import type { JWK } from 'jose'

/** How a client proves who it is: one way each, chosen at its registration (RFC 7591 §2, OpenID Connect Core §9). */
export const clientAuthenticationMethods = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt'
] as const
export type ClientAuthenticationMethod = (typeof clientAuthenticationMethods)[number]

/** A program that acts for itself (RFC 6749 §4.4). */
export type Client = {
  /** a UUID: the `sub` and the `client_id` of its tokens */
  readonly id: string
  /** for people */
  readonly name: string
  /** the most that it is granted */
  readonly scope: readonly string[]
  readonly authenticationMethod: ClientAuthenticationMethod
  /** the public keys of its assertions; empty for a client with secrets */
  readonly keys: readonly JWK[]
  /** seconds since 1970 */
  readonly createdAt: number
  readonly disabled: boolean
  /** the least `iat` of its tokens, in seconds since 1970 */
  readonly tokensNotBefore: number
  /** how often its rights have changed: the `rights_version` of its next token */
  readonly rightsVersion: number
}

/** This API's own logins: a public client (RFC 6749 §2.1), which a family keeps as an empty text. */
export const FIRST_PARTY_CLIENT = 'gatehouse'

/** The scope by which a client may ask about tokens. */
export const INTROSPECT_SCOPE = 'introspect'
