import type { Identity } from '@gatehouse/edge-headers/identity'
import { roleMissing, scopeMissing } from '../refusals.ts'
import type { Route } from '../routes/route.ts'

/** What the row demands of a caller: all of its scopes, one of its roles. */
export function requireAccess(route: Route, identity: Identity | null): void {
  const scope = identity?.scope ?? []
  if (!route.scopes.every((needed) => scope.includes(needed))) throw scopeMissing(route.scopes)
  const roles = identity?.roles ?? []
  if (route.roles.length > 0 && !route.roles.some((role) => roles.includes(role))) {
    throw roleMissing()
  }
}
