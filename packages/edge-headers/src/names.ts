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

/** The header by which a gateway proves that a request comes from it, where a service takes credentials. */
export const gatewayHeader = 'x-auth-gateway'

/** The header of a claim that a route names. */
export const claimHeader = (name: string): string => `x-auth-claim-${name}`

/** The headers that tell one request's story across processes. */
export const traceHeader = { requestId: 'x-request-id', traceparent: 'traceparent' } as const

/** The headers that say where a request came from before the gateway. */
export const forwardedHeader = {
  for: 'x-forwarded-for',
  proto: 'x-forwarded-proto',
  host: 'x-forwarded-host',
  port: 'x-forwarded-port',
  /** what the gateway has taken off the path */
  prefix: 'x-forwarded-prefix'
} as const

const IDENTITY_NAMESPACE = 'x-auth-'

/**
 * A header's name as a server downstream might come to read it: CGI and WSGI make one of `-` and `_`, some frameworks of
 * `.` too, and some servers' CGI of all that is neither letter nor digit (`x~auth~subject`), which names may hold a lot of
 * (RFC 9110 §5.6.2).
 */
export const foldedName = (lowerCaseName: string): string =>
  lowerCaseName.replace(/[^a-z0-9]/g, '-')

/**
 * Whether a header's name lies in the namespace that only the gateway may write, in any spelling that might be folded to
 * it (oauth2-proxy CVE-2025-64484, Caddy GHSA-7r4p-vjf4-gxv4).
 */
export const isIdentityName = (lowerCaseName: string): boolean =>
  lowerCaseName.startsWith('x') && foldedName(lowerCaseName).startsWith(IDENTITY_NAMESPACE)
