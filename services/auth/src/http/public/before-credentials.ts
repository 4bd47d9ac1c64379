import { refuseCrossSite } from './cookies/refuse-cross-site.ts'
import type { PublicRouteOptions } from './route.ts'

/** The hooks of each route that takes credentials from a page, or the token of a link. */
export const beforeCredentials = ({
  settings,
  limitAddress
}: Pick<PublicRouteOptions, 'settings' | 'limitAddress'>) => [
  refuseCrossSite(settings.allowsOrigin),
  limitAddress
]
