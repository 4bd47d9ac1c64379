/** The headers that say who is calling. The gateway alone writes them, and takes them off whatever comes from outside. */
export const identityHeader = {
  subject: 'x-auth-subject',
  session: 'x-auth-session',
  client: 'x-auth-client',
  roles: 'x-auth-roles',
  scope: 'x-auth-scope',
  email: 'x-auth-email',
  expires: 'x-auth-expires',
  assertion: 'x-auth-assertion'
} as const

/** The headers that tell one request's story across processes. */
export const traceHeader = { requestId: 'x-request-id', traceparent: 'traceparent' } as const

/** The headers that say where a request came from before the gateway. */
export const forwardedHeader = {
  for: 'x-forwarded-for',
  proto: 'x-forwarded-proto',
  host: 'x-forwarded-host'
} as const

const IDENTITY_NAMESPACE = 'x-auth-'

/**
 * Whether a header's name lies in the namespace that only the gateway may write, in any spelling that some server
 * downstream might fold to it: `X_Auth_Subject` under CGI and WSGI, `x.auth.subject` under some frameworks
 * (oauth2-proxy CVE-2025-64484, Caddy GHSA-7r4p-vjf4-gxv4).
 */
export function isIdentityName(lowerCaseName: string): boolean {
  return lowerCaseName.replace(/[_.]/g, '-').startsWith(IDENTITY_NAMESPACE)
}
