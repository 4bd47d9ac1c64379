import type { Transaction } from 'kysely'
import type { AuditEvent, AuditKind, By } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import { storedList } from '../database/statements/stored-list.ts'
import type { Tables } from '../database/tables.ts'
import { noteStale, otherRights, type Stale } from '../revocations/stale-tokens.ts'
import type { Client } from './client.ts'
import type { GivenAudiences } from './client-audiences.ts'
import { storedRoles, toRow } from './client-rows.ts'

/** How many secrets of a client are valid: the current one, and the one that is to replace it. */
const VALID_SECRETS = 2

const FIRST_SECRET = 1

// Each of these changes runs inside a transaction, and writes its audit event there.

export async function insertClient(
  transaction: Transaction<Tables>,
  client: Client,
  secretDigest: string | null,
  by: By
): Promise<number> {
  const secretsMade = secretDigest === null ? 0 : FIRST_SECRET
  await transaction.insertInto('clients').values(toRow(client, secretsMade)).execute()
  if (secretDigest !== null) {
    await insertSecret(transaction, client.id, FIRST_SECRET, secretDigest, by)
  }
  await writeAudit(transaction, eventOf('client-created', client.id, by), by.clock())
  return secretsMade
}

export async function disableClient(
  transaction: Transaction<Tables>,
  id: string,
  stale: Stale,
  by: By
): Promise<boolean> {
  const row = await transaction
    .updateTable('clients')
    .set({ disabled_at: secondsOf(by), ...otherRights(stale) })
    .where('id', '=', id)
    .where('disabled_at', 'is', null)
    .returning('rights_version')
    .executeTakeFirst()
  if (row === undefined) return await isKnown(transaction, id)
  await noteStale(transaction, id, stale, row.rights_version)
  await writeAudit(transaction, eventOf('client-disabled', id, by), by.clock())
  return true
}

export async function enableClient(
  transaction: Transaction<Tables>,
  id: string,
  by: By
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('clients')
    .set({ disabled_at: null })
    .where('id', '=', id)
    .where('disabled_at', 'is not', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return await isKnown(transaction, id)
  await writeAudit(transaction, eventOf('client-enabled', id, by), by.clock())
  return true
}

export async function replaceAudiences(
  transaction: Transaction<Tables>,
  id: string,
  { receives, calls, roles }: GivenAudiences,
  stale: Stale,
  by: By
): Promise<boolean> {
  const row = await transaction
    .updateTable('clients')
    .set({
      receives: storedList(receives),
      calls: storedList(calls),
      ...(roles === undefined ? {} : { exchange_roles: storedRoles(roles) }),
      ...otherRights(stale)
    })
    .where('id', '=', id)
    .returning('rights_version')
    .executeTakeFirst()
  if (row === undefined) return false
  await noteStale(transaction, id, stale, row.rights_version)
  await writeAudit(transaction, eventOf('client-audiences-changed', id, by), by.clock())
  return true
}

export async function addSecret(
  transaction: Transaction<Tables>,
  clientId: string,
  digest: string,
  by: By
): Promise<number | null> {
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
  await retireSecrets(transaction, clientId, secretId - VALID_SECRETS, by)
  await writeAudit(transaction, eventOf('client-secret-added', clientId, by), by.clock())
  return secretId
}

async function insertSecret(
  transaction: Transaction<Tables>,
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

/** Secrets up to this one are no longer valid. */
async function retireSecrets(
  transaction: Transaction<Tables>,
  clientId: string,
  upToId: number,
  by: By
): Promise<void> {
  await transaction
    .updateTable('client_secrets')
    .set({ expires_at: secondsOf(by) })
    .where('client_id', '=', clientId)
    .where('secret_id', '<=', upToId)
    .where('expires_at', 'is', null)
    .execute()
}

async function isKnown(transaction: Transaction<Tables>, id: string): Promise<boolean> {
  const row = await transaction
    .selectFrom('clients')
    .select('id')
    .where('id', '=', id)
    .executeTakeFirst()
  return row !== undefined
}

const eventOf = (
  kind: Extract<AuditKind, `client-${string}`>,
  id: string,
  { source }: By
): AuditEvent => ({ kind, subject: id, sid: null, source })

const secondsOf = ({ clock }: By): number => Math.floor(clock() / 1000)
