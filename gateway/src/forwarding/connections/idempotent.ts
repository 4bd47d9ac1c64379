/** the accepted methods that are idempotent (RFC 9110 §9.2.2) */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

export const isIdempotent = (method: string): boolean => IDEMPOTENT.has(method)
