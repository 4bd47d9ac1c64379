/** The cookie that holds a browser's refresh token. `__Host-`: only this very host can have set it, and only over TLS (RFC 6265bis §4.1.3.2). */
export const REFRESH_COOKIE = '__Host-refresh'

/**
 * The pairs of a `Cookie` header (RFC 6265 §4.2.1). Only space and tab are white space there: what JavaScript calls so is
 * more, and would make our cookie's name of a name that browsers let a sister domain set.
 */
export const cookiePairs = (header: string): string[] =>
  header.split(';').map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))

/** The value of a pair that is our cookie, byte for byte; null for every other. */
export const refreshCookieValue = (pair: string): string | null =>
  pair.startsWith(`${REFRESH_COOKIE}=`) ? pair.slice(REFRESH_COOKIE.length + 1) : null
