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
  /** the authentication classes, one of which is needed (RFC 9470 §3) */
  acrValues?: readonly string[]
}

/**
 * The `WWW-Authenticate` header of a 401 or 403 (RFC 6750 §3). It has no `error` if the request
 * carried no credential (§3.1). The values are our own words or the operator's, never the client's.
 */
export function bearerChallenge(challenge: Challenge = {}): { 'www-authenticate': string } {
  const parameters = [
    'realm="gatehouse"',
    challenge.error && `error="${challenge.error}"`,
    challenge.description && `error_description="${challenge.description}"`,
    challenge.scope && `scope="${challenge.scope}"`,
    challenge.acrValues && `acr_values="${challenge.acrValues.join(' ')}"`,
    challenge.maxAgeSeconds && `max_age="${challenge.maxAgeSeconds}"`
  ]
  return { 'www-authenticate': `Bearer ${parameters.filter(Boolean).join(', ')}` }
}
