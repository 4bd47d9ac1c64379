import { type AllowsOrigin, isSameOrigin } from '@gatehouse/edge-headers/web-origin'
import { foreignOrigin, malformed } from '../refusals.ts'
import type { StrippedRequest } from '../request/stripped-request.ts'
import type { Route } from '../routes/entry/route.ts'

/** The origin on which a request arrived. */
type OwnOrigin = { readonly protocol: string; readonly host: string }

/**
 * WebSockets are only for routes that accept them. Browsers send no preflight before a page of
 * another site opens a WebSocket with this site's cookies (RFC 6455 §10.2). So a request with an
 * `Origin` must come from our own origin or from a listed one.
 * @param allowsOrigin the other origins whose pages may use this API
 */
export function checkUpgrade(
  { websocket, origin }: StrippedRequest,
  route: Route,
  own: OwnOrigin,
  allowsOrigin: AllowsOrigin
): void {
  if (websocket === null) return
  if (!route.websocket) throw malformed('this path does not accept WebSocket upgrades')
  if (origin === null || isSameOrigin(origin, `${own.protocol}://${own.host}`)) return
  if (!allowsOrigin(origin)) throw foreignOrigin()
}
