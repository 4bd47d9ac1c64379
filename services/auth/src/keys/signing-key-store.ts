import type { Algorithm } from '@gatehouse/access-token/claims'
import type { Insertable, Kysely, Selectable, Transaction } from 'kysely'
import { type AuditLog, auditLog } from '../audit/audit-log.ts'
import type { SigningKeyTable, Tables } from '../database/tables.ts'
import type { KeyRecord } from './key-lifecycle.ts'
import { GONE, newRecord, readRecords, writeRecord } from './key-records.ts'
import { type SealingKeys, seal, unsealWithAny } from './seal.ts'
import { generateSigningKey, publishedStates, type SigningKey } from './signing-key.ts'
import { UnknownSealingKey } from './unknown-sealing-key.ts'

/** The keys while they are held for a change: nobody else changes one meanwhile. */
export type KeyLedger = {
  /** every key there ever was, the newest first */
  readonly keys: readonly KeyRecord[]
  add(key: SigningKey, nowMs: number): Promise<KeyRecord>
  /** Writes what a change comes to, in its order. */
  write(changed: readonly KeyRecord[]): Promise<void>
  /** the audit log, for what is true only if the change is */
  readonly audit: Pick<AuditLog, 'write'>
}

export type SigningKeyStore = {
  /** False where it would be a second active key. */
  insert(key: SigningKey, nowMs: number): Promise<boolean>
  /** Every key that is published or signs, the newest first. */
  live(): Promise<SigningKey[]>
  /** Every key there ever was, the newest first, without its private half. */
  records(): Promise<KeyRecord[]>
  /** Changes keys in one transaction, one change after the other over all instances; all of it happens, or nothing. */
  change<Result>(work: (ledger: KeyLedger) => Promise<Result>): Promise<Result>
  /** Remembers how long tokens live that the active key signs. False where the key is not active any more. */
  noteTokenLife(kid: string, seconds: number): Promise<boolean>
  /**
   * Seals anew, with the newest key, what is sealed with an older one: how many. Nothing is left that only the older one opens.
   * @throws UnknownSealingKey where one cannot be opened with any
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
    insert: (key, nowMs) => insert(db, key, nowMs),
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
        // Holds the row until the end, so that what is read next stays true.
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
          // Its private half may be gone meanwhile, and is not to come back.
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

/** The live keys, one of them active: made now where this is the first start. Of instances that start together one makes it. */
export async function loadSigningKeys(
  store: SigningKeyStore,
  algorithm: Algorithm,
  nowMs: number
): Promise<SigningKey[]> {
  const keys = await store.live()
  if (keys.some(({ state }) => state === 'active')) return keys
  const first = await generateSigningKey(algorithm, 'active')
  return (await store.insert(first, nowMs)) ? [first, ...keys] : store.live()
}
