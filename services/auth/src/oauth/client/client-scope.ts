import type { Client } from '../../clients/client.ts'
import { invalidScope } from '../oauth-refusals.ts'

/**
 * The scope of a machine client's token: the requested part of the client's scope, or all of it if
 * the request names none (RFC 6749 §3.3).
 * @throws OAuthRefusal invalid_scope
 */
export function clientScope(client: Client, requested: string | undefined): readonly string[] {
  if (requested === undefined) return client.scope
  const asked = new Set(requested.split(' '))
  for (const one of asked) {
    if (!client.scope.includes(one)) throw invalidScope('the scope exceeds that of the client')
  }
  return [...asked]
}
