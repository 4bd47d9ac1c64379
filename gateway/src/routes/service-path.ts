import type { Route } from './route.ts'

type Paths = Pick<Route, 'stripPrefix'> & { readonly upstream: { readonly basePath: string } }

/** What a route takes off the paths of its clients; empty if it takes off nothing. */
export const strippedPrefix = ({ stripPrefix }: Pick<Route, 'stripPrefix'>): string =>
  stripPrefix === undefined || stripPrefix === '/' ? '' : stripPrefix

/** The path that a service is asked for: behind its base path, the one of the client without what the route takes off. Pure. */
export const servicePath = (route: Paths, path: string): string =>
  `${route.upstream.basePath}${path.slice(strippedPrefix(route).length)}` || '/'

/**
 * The path by which a client asks for what a service calls `path`, which may be followed by a query. A path that begins with what the
 * route takes off is the client's already: the service has read `x-forwarded-prefix`. Pure.
 */
export function clientPath(route: Paths, path: string): string {
  const { basePath } = route.upstream
  const prefix = strippedPrefix(route)
  const isOfService = basePath !== '' && isBelow(path, basePath)
  const isOfClient = prefix !== '' && isBelow(path, prefix)
  if (isOfClient && !(isOfService && basePath.length > prefix.length)) return path
  const rest = isOfService ? path.slice(basePath.length) : path
  const whole = `${prefix}${rest}`
  return whole.startsWith('/') ? whole : `/${whole}`
}

const isBelow = (path: string, prefix: string): boolean =>
  path.startsWith(prefix) && /^(?:[/?#]|$)/.test(path.slice(prefix.length))
