import { OAuthRefusal } from '@gatehouse/problem/oauth-error'
import { TOKEN_EXCHANGE } from './grant-types.ts'

/** All refusals of the OAuth endpoints (RFC 6749 §5.2), each with a reason for the log. */

export const malformedRequest = (detail: string) =>
  new OAuthRefusal('invalid_request', 'INVALID_REQUEST', { reason: detail, detail })

export const notAForm = () =>
  new OAuthRefusal('invalid_request', 'INVALID_REQUEST', {
    status: 415,
    reason: 'the body is not a form',
    detail: 'the content type must be application/x-www-form-urlencoded'
  })

/**
 * The same text for a client that is unknown or disabled, and for wrong credentials. Only the log
 * says which.
 */
export const invalidClient = (reason: string, cause?: unknown) =>
  new OAuthRefusal('invalid_client', 'UNAUTHENTICATED', {
    reason,
    detail: 'the client could not be authenticated',
    cause
  })

export const invalidGrant = (reason: string, cause?: unknown) =>
  new OAuthRefusal('invalid_grant', 'INVALID_REQUEST', {
    reason,
    detail: 'the token is invalid, expired, revoked, or was issued to another client',
    cause
  })

export const unsupportedGrantType = () =>
  new OAuthRefusal('unsupported_grant_type', 'INVALID_REQUEST', {
    reason: 'the grant type is not supported',
    detail: `grant_type must be client_credentials, refresh_token or ${TOKEN_EXCHANGE}`
  })

export const mayNotExchange = () =>
  new OAuthRefusal('unauthorized_client', 'INVALID_REQUEST', {
    reason: 'the client may not call any audience, so it may not exchange tokens',
    detail: 'the client may not exchange tokens'
  })

/** RFC 8693 §2.2.2 */
export const invalidTarget = () =>
  new OAuthRefusal('invalid_target', 'INVALID_REQUEST', {
    reason: 'the client may not call the requested audience',
    detail: 'the client may not get a token for this audience'
  })

/** RFC 8693 §2.2.2. The same text for every reason: the client learns nothing about the token. */
export class UnacceptableSubject extends OAuthRefusal<'INVALID_REQUEST'> {
  constructor(reason: string) {
    super('invalid_request', 'INVALID_REQUEST', {
      reason: `the subject token is not acceptable: ${reason}`,
      detail: 'subject_token is not valid, or was not issued for this client'
    })
  }
}

export const unacceptableSubject = (reason: string) => new UnacceptableSubject(reason)

export const invalidScope = (detail: string) =>
  new OAuthRefusal('invalid_scope', 'INVALID_REQUEST', { reason: detail, detail })

export const mayNotIntrospect = () =>
  new OAuthRefusal('access_denied', 'FORBIDDEN', {
    reason: 'the client asks about a token without the scope introspect',
    detail: 'the request needs the scope introspect'
  })

/** RFC 7009 §2.2.1 */
export const unsupportedTokenType = () =>
  new OAuthRefusal('unsupported_token_type', 'INVALID_REQUEST', {
    reason: 'the access token of a machine client has no session to revoke',
    detail: 'the access token of a machine client cannot be revoked: it expires by itself'
  })
