type Challenge = {
  error?:
    | 'invalid_token'
    | 'insufficient_scope'
    | 'insufficient_user_authentication'
    | 'invalid_request'
  description?: string
  scope?: string
  /** the maximum age of the user's login (RFC 9470 §3) */
  maxAgeSeconds?: number
}

/**
 * The `WWW-Authenticate` header of a 401 or 403 (RFC 6750 §3). It has no `error` if the request
 * carried no credential (§3.1). The values are our own words, never the client's, so nothing needs
 * escaping.
 */
export function bearerChallenge(challenge: Challenge = {}): { 'www-authenticate': string } {
  const parameters = [
    'realm="gatehouse"',
    challenge.error && `error="${challenge.error}"`,
    challenge.description && `error_description="${challenge.description}"`,
    challenge.scope && `scope="${challenge.scope}"`,
    challenge.maxAgeSeconds && `max_age="${challenge.maxAgeSeconds}"`
  ]
  return { 'www-authenticate': `Bearer ${parameters.filter(Boolean).join(', ')}` }
}
