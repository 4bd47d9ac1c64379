import { withoutOuterWhitespace } from './optional-whitespace.ts'

/**
 * Our own cookies. With `__Host-`, only this host can have set it, and only over TLS (RFC 6265bis
 * §4.1.3.2). One contains a browser's refresh token, the next says that a user has signed in from
 * this browser before. The third is of an operator in the console. Browsers also send it to the
 * gateway if both listen on the same host: cookies do not distinguish ports (RFC 6265 §8.5).
 */
export const REFRESH_COOKIE = '__Host-refresh'
export const DEVICE_COOKIE = '__Host-device'
export const CONSOLE_COOKIE = '__Host-console'
/** has a login that is at another provider */
export const LOGIN_COOKIE = '__Host-login'
/** proves that a form of the pages for users was sent by the browser that got it */
export const FORM_COOKIE = '__Host-form'
/** proves that the browser that opens the link of a letter has asked for it (decision 71) */
export const PAGE_SECRET_COOKIE = '__Host-page-secret'
/** has what the pages for users need when a login returns from another provider */
export const PAGE_LOGIN_COOKIE = '__Host-page-login'

export const ownCookies = [
  REFRESH_COOKIE,
  DEVICE_COOKIE,
  CONSOLE_COOKIE,
  LOGIN_COOKIE,
  FORM_COOKIE,
  PAGE_SECRET_COOKIE,
  PAGE_LOGIN_COOKIE
] as const
type OwnCookie = (typeof ownCookies)[number]

/**
 * The pairs of a `Cookie` header (RFC 6265 §4.2.1). Only space and tab are white space there.
 * JavaScript's white space includes more characters, and would turn a name that a sister domain can
 * set into the name of our cookie.
 */
export const cookiePairs = (header: string): string[] =>
  header.split(';').map(withoutOuterWhitespace)

/** Whether a pair is one of our cookies, compared byte for byte. */
export const isOwnCookie = (pair: string): boolean =>
  ownCookies.some((name) => pair.startsWith(`${name}=`))

/**
 * The value of one of our cookies. Two with the same name are ambiguous, so neither counts: a
 * sister domain cannot have set one of them, but a proxy may have.
 */
export function ownCookieValue(header: string | undefined, name: OwnCookie): string | null {
  const [pair, ...more] = cookiePairs(header ?? '').filter((pair) => pair.startsWith(`${name}=`))
  return pair === undefined || more.length > 0 ? null : pair.slice(name.length + 1)
}
