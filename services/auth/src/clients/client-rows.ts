import type { Selectable } from 'kysely'
import { listOf, storedList } from '../database/statements/stored-list.ts'
import type { Client } from './client.ts'
import type { ClientTable } from './client-tables.ts'

/** @param secretsMade how many secrets the client has had */
export const toRow = (client: Client, secretsMade: number) => ({
  id: client.id,
  name: client.name,
  scope: storedList(client.scope),
  receives: storedList(client.receives),
  calls: storedList(client.calls),
  exchange_roles: storedRoles(client.roles),
  authentication_method: client.authenticationMethod,
  jwks: client.keys.length === 0 ? null : JSON.stringify({ keys: client.keys }),
  secrets_made: secretsMade,
  created_at: client.createdAt,
  disabled_at: client.disabled ? client.createdAt : null
})

/** As the table has them. */
export const storedRoles = (roles: Client['roles']): string | null =>
  roles === null ? null : storedList(roles)

export function toClient(row: Selectable<ClientTable>): Client {
  return {
    id: row.id,
    name: row.name,
    scope: listOf(row.scope),
    receives: listOf(row.receives),
    calls: listOf(row.calls),
    roles: row.exchange_roles === null ? null : listOf(row.exchange_roles),
    authenticationMethod: row.authentication_method,
    keys: row.jwks === null ? [] : JSON.parse(row.jwks).keys,
    createdAt: row.created_at,
    disabled: row.disabled_at !== null,
    tokensNotBefore: row.tokens_not_before,
    rightsVersion: row.rights_version
  }
}
