import { type AllowsOrigin, isSameOrigin } from '@gatehouse/edge-headers/web-origin'
import { foreignOrigin, malformed } from '../refusals.ts'
import type { Route } from '../routes/route.ts'
import type { StrippedRequest } from './strip.ts'

/** Where a request came in, and which other origins' pages may use this API. */
export type Door = {
  readonly protocol: string
  readonly host: string
  readonly allowsOrigin: AllowsOrigin
}

/**
 * A WebSocket is for the routes that take one. No browser asks before it opens one from another site's page, with this site's
 * cookies (RFC 6455 §10.2): so whoever names an origin must be from here, or be on the list.
 */
export function checkUpgrade(
  { websocket, origin }: StrippedRequest,
  route: Route,
  door: Door
): void {
  if (websocket === null) return
  if (!route.websocket) throw malformed('upgrade', 'nothing here upgrades')
  if (origin === null || isSameOrigin(origin, `${door.protocol}://${door.host}`)) return
  if (!door.allowsOrigin(origin)) throw foreignOrigin()
}
