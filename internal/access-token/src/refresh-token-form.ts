/**
 * The outer form of our own auth service's refresh tokens: 70 bytes in base64url, of which the
 * first one is the version. The auth service writes and reads all of it.
 */
export const REFRESH_TOKEN_VERSION = 1
export const REFRESH_TOKEN_BYTES = 70
export const REFRESH_TOKEN_LENGTH = Math.ceil((REFRESH_TOKEN_BYTES * 4) / 3)

/** Whether a text in base64url may be one of them. Only the auth service knows whether it is. */
export const mayBeRefreshToken = (text: string): boolean =>
  text.length === REFRESH_TOKEN_LENGTH &&
  Buffer.from(text.slice(0, 4), 'base64url')[0] === REFRESH_TOKEN_VERSION
