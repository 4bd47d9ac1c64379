import type { Access, Demand } from './entry/demand-schema.ts'
import { type Method, usualMethods } from './entry/methods.ts'
import type { Route } from './entry/route.ts'

/** What a route requires of a request with one method. */
type Demanded = {
  readonly access: Access
  /** the route's own requirements first */
  readonly demands: readonly Demand[]
}

const usual: ReadonlySet<string> = new Set(usualMethods)

/**
 * What a route requires of a request with this method; null if the route does not accept the
 * method.
 */
export function demandOf(route: Route, method: string): Demanded | null {
  const { access } = route
  if (route.methods === null) return usual.has(method) ? { access, demands: [route] } : null
  // A service that answers preflights accepts OPTIONS, listed or not.
  if (method === 'OPTIONS' && route.preflights === 'service') return { access, demands: [route] }
  const named = method === 'HEAD' && !Object.hasOwn(route.methods, 'HEAD') ? 'GET' : method
  const own = Object.hasOwn(route.methods, named) ? route.methods[named as Method] : undefined
  return own === undefined ? null : { access: own.access ?? access, demands: [route, own] }
}

/** The methods that a route accepts, for `Allow` (RFC 9110 §10.2.1). */
export function methodsOf({ methods }: Route): string[] {
  if (methods === null) return usualMethods.toSorted()
  const listed = Object.keys(methods)
  return listed.includes('GET') && !listed.includes('HEAD') ? [...listed, 'HEAD'] : listed
}
