import { type Static, Type } from 'typebox'
import { Actor, Delegation } from './delegation.ts'

/** `typ` of an access token's header, so that no other JWT is accepted as one (RFC 9068 §2.1). */
export const ACCESS_TOKEN_TYPE = 'at+jwt'

/** The signature algorithms that a signing key may have (RFC 7518, RFC 8037). */
export const algorithms = ['ES256', 'EdDSA', 'RS256'] as const
export type Algorithm = (typeof algorithms)[number]

const seconds = Type.Integer({ minimum: 0, maximum: 253402300799 })
const text = Type.String({ minLength: 1, maxLength: 255 })

/**
 * The claims of an access token (RFC 9068 §2.2). A machine client's token has no `sid` and no
 * `email`. Members that are not listed here are ignored, never trusted.
 */
export const AccessTokenClaims = Type.Object({
  iss: text,
  aud: Type.Union([text, Type.Array(text, { minItems: 1, maxItems: 16 })]),
  sub: text,
  exp: seconds,
  iat: seconds,
  nbf: seconds,
  jti: text,
  client_id: text,
  sid: Type.Optional(text),
  scope: Type.String({ maxLength: 4096 }),
  roles: Type.Array(text, { maxItems: 512 }),
  email: Type.Optional(Type.String({ minLength: 1, maxLength: 8192 })),
  /** when the user last signed in (OpenID Connect Core §2), in seconds */
  auth_time: Type.Optional(seconds),
  /** how the user signed in (RFC 8176) */
  amr: Type.Optional(Type.Array(text, { maxItems: 16 })),
  /** how well the user is authenticated (OpenID Connect Core §2, RFC 9470) */
  acr: Type.Optional(text),
  /** how often the rights of its user or client had changed when it was issued */
  rights_version: Type.Optional(Type.Integer({ minimum: 0 })),
  /**
   * the generation of the session's refresh-token family when it was issued; absent if recovery is
   * off
   */
  session_generation: Type.Optional(Type.Integer({ minimum: 0 })),
  /** the service that got the token by exchange, and acts for `sub` with it (RFC 8693 §4.1) */
  act: Type.Optional(Actor),
  /** only beside `act` */
  delegation: Type.Optional(Delegation)
})
export type AccessTokenClaims = Omit<Static<typeof AccessTokenClaims>, 'act'> & { act?: Actor }
