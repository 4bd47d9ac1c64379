import type { Demand, Method, Route } from './route.ts'

/** What a row demands of whoever uses this method, the row's own demand first; null where the method is not one of it. */
export function demandOf(route: Route, method: string): readonly Demand[] | null {
  if (route.methods === null) return [route]
  const named = method === 'HEAD' && !Object.hasOwn(route.methods, 'HEAD') ? 'GET' : method
  const own = Object.hasOwn(route.methods, named) ? route.methods[named as Method] : undefined
  return own === undefined ? null : [route, own]
}

/** The methods that a row with a list of them takes, for `Allow` (RFC 9110 §10.2.1). */
export function methodsOf({ methods }: Route): string[] {
  const listed = Object.keys(methods ?? {})
  return listed.includes('GET') && !listed.includes('HEAD') ? [...listed, 'HEAD'] : listed
}
