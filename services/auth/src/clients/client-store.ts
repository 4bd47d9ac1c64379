import type { Kysely, Selectable } from 'kysely'
import type { AuditEvent, AuditKind, By } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import type { ClientTable, Tables } from '../database/tables.ts'
import { noteStale, otherRights, type Stale } from '../revocations/stale-tokens.ts'
import type { Client } from './client.ts'
import type { ClientAudiences } from './client-audiences.ts'

/** How many secrets of a client are valid: the current one, and the one that is to replace it. */
const VALID_SECRETS = 2

/** Each change is one transaction with its event. */
export type ClientStore = {
  /**
   * Stores a new client, and the digest of its first secret, if it authenticates with one.
   * @returns the id of that secret; 0 if there is none
   */
  insert(client: Client, secretDigest: string | null, by: By): Promise<number>
  /** The oldest first. */
  list(): Promise<Client[]>
  findById(id: string): Promise<Client | null>
  /** Returns whether there is such a client. Notes which tokens become stale. */
  disable(id: string, stale: () => Stale, by: By): Promise<boolean>
  enable(id: string, by: By): Promise<boolean>
  /** Like `disable`. */
  setAudiences(id: string, audiences: ClientAudiences, stale: () => Stale, by: By): Promise<boolean>
  /**
   * Stores the digest of another secret; a third one retires the oldest. Returns the id of the
   * secret, or null if there is no such client.
   */
  addSecret(clientId: string, digest: string, by: By): Promise<number | null>
  /** The digests of the valid secrets. */
  validSecrets(clientId: string): Promise<string[]>
}

const FIRST_SECRET = 1

export function clientStore(db: Kysely<Tables>): ClientStore {
  return {
    insert: (client, digest, by) =>
      db.transaction().execute(async (transaction) => {
        const secretsMade = digest === null ? 0 : FIRST_SECRET
        await transaction.insertInto('clients').values(toRow(client, secretsMade)).execute()
        if (digest !== null) await insertSecret(transaction, client.id, FIRST_SECRET, digest, by)
        await writeAudit(transaction, eventOf('client-created', client.id, by), by.clock())
        return secretsMade
      }),
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
    disable: (id, stale, by) =>
      db.transaction().execute(async (transaction) => {
        const made = stale()
        const row = await transaction
          .updateTable('clients')
          .set({ disabled_at: secondsOf(by), ...otherRights(made) })
          .where('id', '=', id)
          .where('disabled_at', 'is', null)
          .returning('rights_version')
          .executeTakeFirst()
        if (row === undefined) return await isKnown(transaction, id)
        await noteStale(transaction, id, made, row.rights_version)
        await writeAudit(transaction, eventOf('client-disabled', id, by), by.clock())
        return true
      }),
    setAudiences: (id, { receives, calls }, stale, by) =>
      db.transaction().execute(async (transaction) => {
        const made = stale()
        const row = await transaction
          .updateTable('clients')
          .set({ receives: receives.join(' '), calls: calls.join(' '), ...otherRights(made) })
          .where('id', '=', id)
          .returning('rights_version')
          .executeTakeFirst()
        if (row === undefined) return false
        await noteStale(transaction, id, made, row.rights_version)
        await writeAudit(transaction, eventOf('client-audiences-changed', id, by), by.clock())
        return true
      }),
    enable: (id, by) =>
      db.transaction().execute(async (transaction) => {
        const { numUpdatedRows } = await transaction
          .updateTable('clients')
          .set({ disabled_at: null })
          .where('id', '=', id)
          .where('disabled_at', 'is not', null)
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return await isKnown(transaction, id)
        await writeAudit(transaction, eventOf('client-enabled', id, by), by.clock())
        return true
      }),
    addSecret: (clientId, digest, by) =>
      db.transaction().execute(async (transaction) => {
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
        await insertSecret(transaction, clientId, secretId, digest, by)
        await transaction
          .updateTable('client_secrets')
          .set({ expires_at: secondsOf(by) })
          .where('client_id', '=', clientId)
          .where('secret_id', '<=', secretId - VALID_SECRETS)
          .where('expires_at', 'is', null)
          .execute()
        await writeAudit(transaction, eventOf('client-secret-added', clientId, by), by.clock())
        return secretId
      }),
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

const secondsOf = ({ clock }: By): number => Math.floor(clock() / 1000)

const eventOf = (
  kind: Extract<AuditKind, `client-${string}`>,
  id: string,
  { source }: By
): AuditEvent => ({ kind, subject: id, sid: null, source })

async function isKnown(transaction: Kysely<Tables>, id: string): Promise<boolean> {
  const row = await transaction
    .selectFrom('clients')
    .select('id')
    .where('id', '=', id)
    .executeTakeFirst()
  return row !== undefined
}

async function insertSecret(
  transaction: Kysely<Tables>,
  clientId: string,
  secretId: number,
  digest: string,
  by: By
): Promise<void> {
  await transaction
    .insertInto('client_secrets')
    .values({
      client_id: clientId,
      secret_id: secretId,
      hash: digest,
      created_at: secondsOf(by),
      expires_at: null
    })
    .execute()
}

const toRow = (client: Client, secretsMade: number) => ({
  id: client.id,
  name: client.name,
  scope: client.scope.join(' '),
  receives: client.receives.join(' '),
  calls: client.calls.join(' '),
  authentication_method: client.authenticationMethod,
  jwks: client.keys.length === 0 ? null : JSON.stringify({ keys: client.keys }),
  secrets_made: secretsMade,
  created_at: client.createdAt,
  disabled_at: client.disabled ? client.createdAt : null
})

const wordsOf = (text: string): string[] => (text === '' ? [] : text.split(' '))

function toClient(row: Selectable<ClientTable>): Client {
  return {
    id: row.id,
    name: row.name,
    scope: wordsOf(row.scope),
    receives: wordsOf(row.receives),
    calls: wordsOf(row.calls),
    authenticationMethod: row.authentication_method,
    keys: row.jwks === null ? [] : JSON.parse(row.jwks).keys,
    createdAt: row.created_at,
    disabled: row.disabled_at !== null,
    tokensNotBefore: row.tokens_not_before,
    rightsVersion: row.rights_version
  }
}
