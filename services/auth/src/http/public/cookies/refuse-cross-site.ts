import { type AllowsOrigin, isSameOrigin } from '@gatehouse/edge-headers/web-origin'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { requestOrigin } from '../../forwarded.ts'
import { crossSite } from '../../http-refusals.ts'
import { readRefreshCookie } from './refresh-cookie.ts'

/** The headers by which a request says which page sent it. Browsers write them by themselves. */
export const PageHeaders = Type.Object({
  origin: Type.Optional(
    Type.String({
      description:
        'The origin of the page. It must be the origin of this API, or one of ALLOWED_ORIGINS, unless sec-fetch-site says that the page is of this origin.',
      examples: ['https://app.example.com']
    })
  ),
  'sec-fetch-site': Type.Optional(
    Type.String({
      description:
        'How the page relates to this API (Fetch Metadata). Must be same-origin or none, unless the origin is one of ALLOWED_ORIGINS.',
      examples: ['same-origin']
    })
  )
})

/** What the API description says about the check. */
export const crossSiteProblem =
  'A page of another site sent the request, or a request with the refresh cookie does not say which page sent it (CSRF).'

/**
 * A hook for every route that a cookie can authenticate, or that sets one: the request must not
 * come from a page of another site (CSRF, login CSRF). Fetch Metadata names the site of the page;
 * older browsers send `Origin`. A request with neither is not from a browser, and may not use the
 * cookie.
 */
export function refuseCrossSite(allowsOrigin: AllowsOrigin) {
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void =>
    done(isCrossSite(request, allowsOrigin) ? crossSite() : undefined)
}

function isCrossSite(request: FastifyRequest, allowsOrigin: AllowsOrigin): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers
  if (allowsOrigin(origin)) return false
  if (typeof site === 'string') return site !== 'same-origin' && site !== 'none'
  if (typeof origin === 'string') return !isSameOrigin(origin, requestOrigin(request))
  return readRefreshCookie(request) !== null
}
