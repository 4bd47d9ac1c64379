import type { ProblemCode } from './codes.ts'
import { Refusal, type RefusalOptions } from './refusal.ts'

/**
 * RFC 6749 §5.2; RFC 7009 §2.2.1; RFC 8693 §2.2.2. The last two are from RFC 6749 §4.1.2.1: the
 * only codes for faults of the server.
 */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_token_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'access_denied'
  | 'server_error'
  | 'temporarily_unavailable'

/**
 * A refusal of an OAuth endpoint. The client gets its code; the problem code is for the log and the
 * status.
 */
export class OAuthRefusal<Code extends ProblemCode = ProblemCode> extends Refusal<Code> {
  readonly error: OAuthErrorCode

  constructor(error: OAuthErrorCode, code: Code, options: RefusalOptions<Code>) {
    super(code, options)
    this.error = error
  }
}

/** The OAuth code of a refusal that is not OAuth's own. */
export const oauthErrors: Readonly<Record<ProblemCode, OAuthErrorCode>> = {
  INVALID_REQUEST: 'invalid_request',
  UNAUTHENTICATED: 'invalid_client',
  FACTOR_REQUIRED: 'invalid_grant',
  TOKEN_EXPIRED: 'invalid_client',
  TOKEN_STALE: 'invalid_client',
  SESSION_ENDED: 'invalid_grant',
  FORBIDDEN: 'access_denied',
  NOT_FOUND: 'invalid_request',
  METHOD_NOT_ALLOWED: 'invalid_request',
  CONFLICT: 'invalid_request',
  RATE_LIMITED: 'temporarily_unavailable',
  INTERNAL: 'server_error',
  UPSTREAM_UNAVAILABLE: 'temporarily_unavailable',
  UNAVAILABLE: 'temporarily_unavailable',
  UPSTREAM_TIMEOUT: 'temporarily_unavailable'
}

/** RFC 6749 §5.2 */
type OAuthErrorDocument = { error: OAuthErrorCode; error_description?: string }

export function oauthErrorDocument(refusal: Refusal): OAuthErrorDocument {
  return {
    error: refusal instanceof OAuthRefusal ? refusal.error : oauthErrors[refusal.code],
    ...(refusal.detail === undefined ? {} : { error_description: printable(refusal.detail) })
  }
}

/**
 * A description may contain printable ASCII without quotation mark and backslash (RFC 6749 §5.2).
 */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]|["\\]/g, "'")
