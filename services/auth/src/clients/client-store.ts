import type { Kysely, Selectable } from 'kysely'
import type { ClientTable, Tables } from '../database/tables.ts'
import { noteStale, otherRights, type Stale } from '../revocations/stale-tokens.ts'
import type { Client } from './client.ts'

/** How many secrets of a client are valid: the current one, and the one that is to replace it. */
const VALID_SECRETS = 2

export type ClientStore = {
  insert(client: Client): Promise<void>
  /** The oldest first. */
  list(): Promise<Client[]>
  findById(id: string): Promise<Client | null>
  /** Returns whether there is such a client. Notes which tokens become stale. */
  disable(id: string, nowSeconds: number, stale: Stale): Promise<boolean>
  enable(id: string): Promise<boolean>
  /**
   * Stores the digest of another secret; a third one retires the oldest. Returns the id of the
   * secret, or null if there is no such client.
   */
  addSecret(clientId: string, hash: string, nowSeconds: number): Promise<number | null>
  /** The digests of the valid secrets. */
  validSecrets(clientId: string): Promise<string[]>
}

export function clientStore(db: Kysely<Tables>): ClientStore {
  return {
    async insert({ id, name, scope, authenticationMethod, keys, createdAt, disabled }) {
      await db
        .insertInto('clients')
        .values({
          id,
          name,
          scope: scope.join(' '),
          authentication_method: authenticationMethod,
          jwks: keys.length === 0 ? null : JSON.stringify({ keys }),
          secrets_made: 0,
          created_at: createdAt,
          disabled_at: disabled ? createdAt : null
        })
        .execute()
    },
    async list() {
      const rows = await db
        .selectFrom('clients')
        .selectAll()
        .orderBy('created_at')
        .orderBy('id')
        .execute()
      return rows.map(toClient)
    },
    async findById(id) {
      const row = await db.selectFrom('clients').selectAll().where('id', '=', id).executeTakeFirst()
      return row === undefined ? null : toClient(row)
    },
    disable: (id, nowSeconds, stale) =>
      db.transaction().execute(async (transaction) => {
        const row = await transaction
          .updateTable('clients')
          .set({ disabled_at: nowSeconds, ...otherRights(stale) })
          .where('id', '=', id)
          .returning('rights_version')
          .executeTakeFirst()
        if (row !== undefined) await noteStale(transaction, id, stale, row.rights_version)
        return row !== undefined
      }),
    async enable(id) {
      const { numUpdatedRows } = await db
        .updateTable('clients')
        .set({ disabled_at: null })
        .where('id', '=', id)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },
    async addSecret(clientId, hash, nowSeconds) {
      return await db.transaction().execute(async (transaction) => {
        // The count locks the client's row. So if two instances add a secret at once, each sees the
        // change of the other.
        const counted = await transaction
          .updateTable('clients')
          .set(({ eb }) => ({ secrets_made: eb('secrets_made', '+', 1) }))
          .where('id', '=', clientId)
          .returning('secrets_made')
          .executeTakeFirst()
        if (counted === undefined) return null
        const secretId = counted.secrets_made
        await transaction
          .insertInto('client_secrets')
          .values({
            client_id: clientId,
            secret_id: secretId,
            hash,
            created_at: nowSeconds,
            expires_at: null
          })
          .execute()
        await transaction
          .updateTable('client_secrets')
          .set({ expires_at: nowSeconds })
          .where('client_id', '=', clientId)
          .where('secret_id', '<=', secretId - VALID_SECRETS)
          .where('expires_at', 'is', null)
          .execute()
        return secretId
      })
    },
    async validSecrets(clientId) {
      const rows = await db
        .selectFrom('client_secrets')
        .select('hash')
        .where('client_id', '=', clientId)
        .where('expires_at', 'is', null)
        .execute()
      return rows.map(({ hash }) => hash)
    }
  }
}

function toClient(row: Selectable<ClientTable>): Client {
  return {
    id: row.id,
    name: row.name,
    scope: row.scope === '' ? [] : row.scope.split(' '),
    authenticationMethod: row.authentication_method,
    keys: row.jwks === null ? [] : JSON.parse(row.jwks).keys,
    createdAt: row.created_at,
    disabled: row.disabled_at !== null,
    tokensNotBefore: row.tokens_not_before,
    rightsVersion: row.rights_version
  }
}
