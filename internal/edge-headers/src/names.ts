/** The beginning of the names that only the gateway may write. */
export const IDENTITY_PREFIX = 'x-auth-'

/**
 * The headers that identify the caller. Only the gateway writes them, and it removes them from all
 * requests that arrive.
 */
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

/**
 * The header with which a gateway proves that it sent a request, for services that take
 * credentials.
 */
export const gatewayHeader = 'x-auth-gateway'

/** The header of a claim that a route names. */
export const claimHeader = (name: string): string => `x-auth-claim-${name}`

/** The headers that identify a request across processes. */
export const traceHeader = {
  requestId: 'x-request-id',
  traceparent: 'traceparent',
  tracestate: 'tracestate'
} as const

/** The headers that report the source of a request. */
export const forwardedHeader = {
  for: 'x-forwarded-for',
  proto: 'x-forwarded-proto',
  host: 'x-forwarded-host',
  port: 'x-forwarded-port',
  /** the prefix that the gateway has stripped from the path */
  prefix: 'x-forwarded-prefix'
} as const

/** grpc-gateway gives a gRPC service such a header without this prefix. */
const GRPC_METADATA = /^(?:grpc-metadata-)+/

/**
 * A header's name as a server downstream may read it: CGI and WSGI replace `-` and `_` by one
 * character, some frameworks also `.`, and some servers' CGI every character that is neither letter
 * nor digit (`x~auth~subject`); names may contain many of these (RFC 9110 §5.6.2).
 */
export function foldedName(lowerCaseName: string): string {
  const folded = lowerCaseName.replace(/[^a-z0-9]/g, '-')
  return folded.startsWith('grpc-') ? folded.replace(GRPC_METADATA, '') : folded
}

/**
 * Whether a header's name is in the namespace that only the gateway may write, in any spelling that
 * a server may read as such a name (oauth2-proxy CVE-2025-64484, Caddy GHSA-7r4p-vjf4-gxv4).
 */
export const isIdentityName = (lowerCaseName: string): boolean =>
  /^[xg]/.test(lowerCaseName) && foldedName(lowerCaseName).startsWith(IDENTITY_PREFIX)
