import { bearerChallenge } from '@gatehouse/problem/challenge'
import { Refusal } from '@gatehouse/problem/refusal'
import type { Caller } from './assertion.ts'
import { unauthenticated } from './refusals.ts'

/**
 * The caller, where a request may have none.
 * @throws Refusal 401 UNAUTHENTICATED if the request is anonymous
 */
export function requireCaller(caller: Caller | null | undefined): Caller {
  if (caller === null || caller === undefined) throw unauthenticated('no assertion')
  return caller
}

/**
 * The caller, if the access token has this scope.
 * @throws Refusal 403 FORBIDDEN, or 401 UNAUTHENTICATED without a caller
 */
export function requireScope(caller: Caller | null | undefined, scope: string): Caller {
  const known = requireCaller(caller)
  if (known.scope.includes(scope)) return known
  throw new Refusal('FORBIDDEN', {
    reason: `scope ${scope} is missing`,
    detail: `the request needs the scope ${scope}`,
    headers: bearerChallenge({ error: 'insufficient_scope', scope })
  })
}

/**
 * The caller, if they have this role.
 * @throws Refusal 403 FORBIDDEN, or 401 UNAUTHENTICATED without a caller
 */
export function requireRole(caller: Caller | null | undefined, role: string): Caller {
  const known = requireCaller(caller)
  if (known.roles.includes(role)) return known
  throw new Refusal('FORBIDDEN', {
    reason: `role ${role} is missing`,
    detail: `the request needs the role ${role}`
  })
}
