import { OAuthRefusal } from '@gatehouse/problem/oauth-error'

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
    reason: 'unsupported grant type',
    detail: 'grant_type must be client_credentials or refresh_token'
  })

export const invalidScope = (detail: string) =>
  new OAuthRefusal('invalid_scope', 'INVALID_REQUEST', { reason: detail, detail })

export const mayNotIntrospect = () =>
  new OAuthRefusal('access_denied', 'FORBIDDEN', {
    reason: 'a client without the scope introspect asks about a token',
    detail: 'the request needs the scope introspect'
  })

/** RFC 7009 §2.2.1 */
export const unsupportedTokenType = () =>
  new OAuthRefusal('unsupported_token_type', 'INVALID_REQUEST', {
    reason: 'the access token of a machine client has no session that could end',
    detail: 'the access token of a machine client cannot be revoked: it expires by itself'
  })
