import type { Transaction } from 'kysely'
import { type AuditLog, auditLog } from '../../audit/audit-log.ts'
import type { Tables } from '../../database/tables.ts'
import type { SealingKeys } from '../../secrets/seal.ts'
import type { KeyRecord } from '../key-lifecycle.ts'
import type { SigningKey } from '../signing-key.ts'
import { newRecord, readRecords, writeRecord } from './key-records.ts'
import { insertSealed } from './sealed-keys.ts'

/** The keys while they are locked for a change. */
export type KeyLedger = {
  /** all keys, including former ones, the newest first */
  readonly keys: readonly KeyRecord[]
  /** @param now seconds since 1970 */
  add(key: SigningKey, now: number): Promise<KeyRecord>
  /** Writes the changed keys, in order. */
  write(changed: readonly KeyRecord[]): Promise<void>
  /** the audit log, for events that are only true if the change is committed */
  readonly audit: Pick<AuditLog, 'write'>
}

/** Locks the keys until the end of the transaction. */
export async function lockKeys(
  transaction: Transaction<Tables>,
  sealingKeys: SealingKeys,
  clock: () => number
): Promise<KeyLedger> {
  // Locks the row, so that the keys do not change after they are read.
  await countVersion(transaction, 0)
  return {
    keys: await readRecords(transaction),
    async add(key, now) {
      await insertSealed(transaction, key, sealingKeys, now)
      await countVersion(transaction, 1)
      return newRecord(key, now)
    },
    async write(changed) {
      for (const record of changed) await writeRecord(transaction, record)
      if (changed.length > 0) await countVersion(transaction, 1)
    },
    audit: auditLog(transaction, clock)
  }
}

async function countVersion(transaction: Transaction<Tables>, by: 0 | 1): Promise<void> {
  await transaction
    .updateTable('signing_key_set')
    .set(({ eb }) => ({ version: eb('version', '+', by) }))
    .execute()
}
