import type { Route } from './entry/route.ts'

type Paths = Pick<Route, 'stripPrefix'> & { readonly upstream: { readonly basePath: string } }

/** The prefix that a route strips from the paths of its clients; empty if it strips none. */
export const strippedPrefix = ({ stripPrefix }: Pick<Route, 'stripPrefix'>): string =>
  stripPrefix === undefined || stripPrefix === '/' ? '' : stripPrefix

/**
 * The path for the service: its base path, and the client's path without the stripped prefix. Pure.
 */
export const servicePath = (route: Paths, path: string): string =>
  `${route.upstream.basePath}${path.slice(strippedPrefix(route).length)}` || '/'

/**
 * The path under which a client finds what a service calls `path`, which may have a query. If it
 * begins with the stripped prefix, it is already the client's path: the service has read
 * `x-forwarded-prefix`. Pure.
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
