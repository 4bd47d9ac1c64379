import type { Kysely, Transaction } from 'kysely'
import type { By } from '../audit/audit-event.ts'
import type { Tables } from '../database/tables.ts'
import type { Stale } from '../revocations/stale-tokens.ts'
import type { Client } from './client.ts'
import type { GivenAudiences } from './client-audiences.ts'
import {
  addSecret,
  disableClient,
  enableClient,
  insertClient,
  replaceAudiences
} from './client-changes.ts'
import { toClient } from './client-rows.ts'

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
  setAudiences(id: string, audiences: GivenAudiences, stale: () => Stale, by: By): Promise<boolean>
  /**
   * Stores the digest of another secret; a third one retires the oldest. Returns the id of the
   * secret, or null if there is no such client.
   */
  addSecret(clientId: string, digest: string, by: By): Promise<number | null>
  /** The digests of the valid secrets. */
  validSecrets(clientId: string): Promise<string[]>
}

export function clientStore(db: Kysely<Tables>): ClientStore {
  const change = <Result>(work: (transaction: Transaction<Tables>) => Promise<Result>) =>
    db.transaction().execute(work)
  return {
    insert: (client, digest, by) => change((on) => insertClient(on, client, digest, by)),
    list: () => allClients(db),
    findById: (id) => clientWithId(db, id),
    disable: (id, stale, by) => change((on) => disableClient(on, id, stale(), by)),
    enable: (id, by) => change((on) => enableClient(on, id, by)),
    setAudiences: (id, audiences, stale, by) =>
      change((on) => replaceAudiences(on, id, audiences, stale(), by)),
    addSecret: (clientId, digest, by) => change((on) => addSecret(on, clientId, digest, by)),
    validSecrets: (clientId) => validSecrets(db, clientId)
  }
}

async function allClients(db: Kysely<Tables>): Promise<Client[]> {
  const rows = await db
    .selectFrom('clients')
    .selectAll()
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(toClient)
}

async function clientWithId(db: Kysely<Tables>, id: string): Promise<Client | null> {
  const row = await db.selectFrom('clients').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? null : toClient(row)
}

async function validSecrets(db: Kysely<Tables>, clientId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('client_secrets')
    .select('hash')
    .where('client_id', '=', clientId)
    .where('expires_at', 'is', null)
    .execute()
  return rows.map(({ hash }) => hash)
}
