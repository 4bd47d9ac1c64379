import { isLoopbackOrigin } from '@gatehouse/edge-headers/web-origin'
import type { FastifyRequest } from 'fastify'
import type { CookieSameSite } from '../../app-settings.ts'
import { cookieNotKept } from '../../http-refusals.ts'

/**
 * Refuses to open a session whose cookie the browser would silently drop: the page would look
 * signed in until its first refresh. A client that is not a browser sends neither header, and is
 * not refused.
 * @throws Refusal INVALID_REQUEST, saying what to do instead
 */
export function refuseUnkeptCookie({ headers }: FastifyRequest, sameSite: CookieSameSite): void {
  const { origin, 'sec-fetch-site': site } = headers
  // A web view or an extension, in a browser without Fetch Metadata.
  const otherScheme = site === undefined && origin !== undefined && !/^https?:/i.test(origin)
  if ((site === 'cross-site' || otherScheme) && sameSite === 'strict') {
    throw cookieNotKept('of another site')
  }
  // Browsers send Fetch Metadata only over TLS and to loopback, which is also where they keep a
  // `Secure` cookie.
  const plain = site === undefined && origin?.toLowerCase().startsWith('http://') === true
  if (plain && !isLoopbackOrigin(origin)) throw cookieNotKept('over plain HTTP')
}

/** Why a request to refresh has no token, for the author of a page. */
export function missingCookieDetail(
  { headers }: FastifyRequest,
  found: number,
  sameSite: CookieSameSite
): string {
  if (found > 1) return 'the request has two refresh cookies: sign in again'
  const site = headers['sec-fetch-site']
  const none = 'the body has no refreshToken, and the browser sent no refresh cookie'
  if (site === undefined) return 'neither the body nor a cookie has a refresh token'
  if (site !== 'cross-site')
    return `${none}: the browser has none, or the page sent the request without credentials`
  return sameSite === 'none'
    ? `${none}: a page of another site must send each request with credentials: 'include', even the login`
    : `${none}: a cookie of SameSite=Strict is not sent from a page of another site; see AUTH_COOKIE_SAME_SITE`
}
