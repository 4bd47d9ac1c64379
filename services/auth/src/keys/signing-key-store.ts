import { randomUUID } from 'node:crypto'
import type { Algorithm } from '@gatehouse/access-token/claims'
import type { Insertable, Kysely, Selectable, Transaction } from 'kysely'
import { type AuditEvent, type RequestSource, START_ADDRESS } from '../audit/audit-event.ts'
import { type AuditLog, auditLog, writeAudit } from '../audit/audit-log.ts'
import type { SigningKeyTable, Tables } from '../database/tables.ts'
import { keyEvent } from './key-event.ts'
import type { KeyRecord } from './key-lifecycle.ts'
import { GONE, newRecord, readRecords, writeRecord } from './key-records.ts'
import { type SealingKeys, seal, unsealWithAny } from './seal.ts'
import { generateSigningKey, publishedStates, type SigningKey } from './signing-key.ts'
import { UnknownSealingKey } from './unknown-sealing-key.ts'

/** The keys while they are locked for a change. */
export type KeyLedger = {
  /** all keys, including former ones, the newest first */
  readonly keys: readonly KeyRecord[]
  add(key: SigningKey, nowMs: number): Promise<KeyRecord>
  /** Writes the changed keys, in order. */
  write(changed: readonly KeyRecord[]): Promise<void>
  /** the audit log, for events that are only true if the change is committed */
  readonly audit: Pick<AuditLog, 'write'>
}

export type SigningKeyStore = {
  /**
   * False if it would be a second active key.
   * @param events for the audit log, if it is inserted
   */
  insert(key: SigningKey, nowMs: number, events?: readonly AuditEvent[]): Promise<boolean>
  /** All published keys, the newest first. */
  live(): Promise<SigningKey[]>
  /** All keys, including former ones, the newest first, without their private halves. */
  records(): Promise<KeyRecord[]>
  /** Changes keys in one transaction, one change after the other across all instances. */
  change<Result>(work: (ledger: KeyLedger) => Promise<Result>): Promise<Result>
  /**
   * Notes the lifetime of the tokens that the active key signs. False if the key is no longer
   * active.
   */
  noteTokenLife(kid: string, seconds: number): Promise<boolean>
  /**
   * Encrypts again, with the first key, what another key has encrypted, and returns how many.
   * Afterwards, no secret needs the other keys.
   * @throws UnknownSealingKey if a secret cannot be decrypted with any key
   */
  reseal(): Promise<number>
}

export function signingKeyStore(
  db: Kysely<Tables>,
  sealingKeys: SealingKeys,
  clock: () => number
): SigningKeyStore {
  const insert = async (on: Kysely<Tables>, key: SigningKey, nowMs: number): Promise<boolean> => {
    const row = await on
      .insertInto('signing_keys')
      .values(newRow(key, sealingKeys, Math.floor(nowMs / 1000)))
      .onConflict((conflict) => conflict.doNothing())
      .returning('kid')
      .executeTakeFirst()
    return row !== undefined
  }
  return {
    insert: (key, nowMs, events = []) =>
      db.transaction().execute(async (transaction) => {
        const isInserted = await insert(transaction, key, nowMs)
        if (isInserted) for (const event of events) await writeAudit(transaction, event, nowMs)
        return isInserted
      }),
    async live() {
      const rows = await db
        .selectFrom('signing_keys')
        .selectAll()
        .where('state', 'in', publishedStates)
        .orderBy('created_at', 'desc')
        .orderBy('kid')
        .execute()
      return rows.map((row) => ({
        kid: row.kid,
        algorithm: row.algorithm,
        state: row.state,
        publicJwk: JSON.parse(row.public_jwk),
        privatePem: unsealNamed(row, sealingKeys).secret
      }))
    },
    records: () => readRecords(db),
    change: (work) =>
      db.transaction().execute(async (transaction) => {
        // Locks the row until the end of the transaction, so that the keys do not change after they
        // are read.
        await countVersion(transaction, 0)
        return await work({
          keys: await readRecords(transaction),
          async add(key, nowMs) {
            await insert(transaction, key, nowMs)
            await countVersion(transaction, 1)
            return newRecord(key, Math.floor(nowMs / 1000))
          },
          async write(changed) {
            for (const record of changed) await writeRecord(transaction, record)
            if (changed.length > 0) await countVersion(transaction, 1)
          },
          audit: auditLog(transaction, clock)
        })
      }),
    async noteTokenLife(kid, seconds) {
      const row = await db
        .updateTable('signing_keys')
        .set(({ eb, ref }) => ({
          longest_token_seconds: eb
            .case()
            .when('longest_token_seconds', '<', seconds)
            .then(eb.val(seconds))
            .else(ref('longest_token_seconds'))
            .end()
        }))
        .where('kid', '=', kid)
        .where('state', '=', 'active')
        .returning('kid')
        .executeTakeFirst()
      return row !== undefined
    },
    async reseal() {
      const rows = await db
        .selectFrom('signing_keys')
        .select(['kid', 'sealed_private_key'])
        .where('sealed_private_key', '!=', GONE)
        .execute()
      let count = 0
      for (const row of rows) {
        const { secret, stale } = unsealNamed(row, sealingKeys)
        if (!stale) continue
        await db
          .updateTable('signing_keys')
          .set({ sealed_private_key: seal(secret, sealingKeys[0], row.kid) })
          .where('kid', '=', row.kid)
          // Its private half may have been deleted meanwhile, and must not come back.
          .where('sealed_private_key', '=', row.sealed_private_key)
          .execute()
        count += 1
      }
      return count
    }
  }
}

async function countVersion(transaction: Transaction<Tables>, by: 0 | 1): Promise<void> {
  await transaction
    .updateTable('signing_key_set')
    .set(({ eb }) => ({ version: eb('version', '+', by) }))
    .execute()
}

function newRow(key: SigningKey, [newest]: SealingKeys, now: number): Insertable<SigningKeyTable> {
  return {
    kid: key.kid,
    algorithm: key.algorithm,
    state: key.state,
    public_jwk: JSON.stringify(key.publicJwk),
    sealed_private_key: seal(key.privatePem, newest, key.kid),
    created_at: now,
    activated_at: key.state === 'active' ? now : null
  }
}

type SealedRow = Pick<Selectable<SigningKeyTable>, 'kid' | 'sealed_private_key'>

function unsealNamed(row: SealedRow, keys: SealingKeys) {
  try {
    return unsealWithAny(row.sealed_private_key, keys, row.kid)
  } catch (cause) {
    throw new UnknownSealingKey(row.kid, cause)
  }
}

/**
 * The published keys, with exactly one active key. It is created at the first start; of several
 * instances that start together, one creates it.
 */
export async function loadSigningKeys(
  store: SigningKeyStore,
  algorithm: Algorithm,
  nowMs: number
): Promise<SigningKey[]> {
  const keys = await store.live()
  if (keys.some(({ state }) => state === 'active')) return keys
  const first = await generateSigningKey(algorithm, 'active')
  const source: RequestSource = { address: START_ADDRESS, requestId: randomUUID() }
  const events = (['key-created', 'key-activated'] as const).map((kind) =>
    keyEvent(kind, first.kid, source)
  )
  return (await store.insert(first, nowMs, events)) ? [first, ...keys] : store.live()
}
