/** The cookie that holds a browser's refresh token. `__Host-`: only this very host can have set it, and only over TLS (RFC 6265bis §4.1.3.2). */
export const REFRESH_COOKIE = '__Host-refresh'
