/** The methods of a route that lists none. */
export const usualMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/**
 * The methods that a route takes only where it lists them: WebDAV and its extensions (RFC 4918, RFC 3253, RFC 3744, RFC 4791,
 * RFC 5323), and PURGE of caches. BIND and REBIND (RFC 5842) are not among them: their bodies name a second resource, which the
 * gateway does not read.
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
