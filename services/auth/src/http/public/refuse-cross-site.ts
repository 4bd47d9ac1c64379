import { type AllowsOrigin, isSameOrigin } from '@gatehouse/edge-headers/web-origin'
import type { FastifyRequest } from 'fastify'
import { crossSite } from '../../refusals.ts'
import { requestOrigin } from '../forwarded.ts'
import { readRefreshCookie } from './refresh-cookie.ts'

/**
 * A hook for every route that a cookie can authenticate, or that sets one: the request must not
 * come from a page of another site (CSRF, login CSRF). Fetch Metadata names the site of the page;
 * older browsers send `Origin`. A request with neither is not from a browser, and may not use the
 * cookie.
 */
export function refuseCrossSite(allowsOrigin: AllowsOrigin) {
  return async (request: FastifyRequest): Promise<void> => {
    const { origin, 'sec-fetch-site': site } = request.headers
    if (allowsOrigin(origin)) return
    if (typeof site === 'string') {
      if (site !== 'same-origin' && site !== 'none') throw crossSite()
    } else if (typeof origin === 'string') {
      if (!isSameOrigin(origin, requestOrigin(request))) throw crossSite()
    } else if (readRefreshCookie(request) !== null) {
      throw crossSite()
    }
  }
}
