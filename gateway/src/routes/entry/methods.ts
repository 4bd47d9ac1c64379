/** The methods that a route without `methods` accepts. */
export const usualMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/**
 * The methods that a route accepts only if it lists them: WebDAV and its extensions (RFC 4918,
 * RFC 3253, RFC 3744, RFC 4791, RFC 5323), and PURGE of caches. No route accepts BIND and REBIND
 * (RFC 5842): their bodies name a second resource, and the gateway does not read bodies.
 */
export const listedMethods = [
  'ACL',
  'CHECKOUT',
  'COPY',
  'LOCK',
  'MERGE',
  'MKACTIVITY',
  'MKCALENDAR',
  'MKCOL',
  'MOVE',
  'PROPFIND',
  'PROPPATCH',
  'PURGE',
  'REPORT',
  'SEARCH',
  'UNLOCK'
] as const

export const methods = [...usualMethods, ...listedMethods] as const
export type Method = (typeof methods)[number]
