import { randomUUID } from 'node:crypto'
import type { Algorithm } from '@gatehouse/access-token/claims'
import type { Kysely } from 'kysely'
import { type AuditEvent, type RequestSource, START_ADDRESS } from '../../audit/audit-event.ts'
import { writeAudit } from '../../audit/audit-log.ts'
import type { Tables } from '../../database/tables.ts'
import type { SealingKeys } from '../../secrets/seal.ts'
import { keyEvent } from '../key-event.ts'
import type { KeyRecord } from '../key-lifecycle.ts'
import { generateSigningKey, type SigningKey } from '../signing-key.ts'
import { type KeyLedger, lockKeys } from './key-ledger.ts'
import { readRecords } from './key-records.ts'
import { insertSealed, readPublished, resealAll } from './sealed-keys.ts'

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
  return {
    insert: (key, nowMs, events = []) =>
      db.transaction().execute(async (transaction) => {
        const now = Math.floor(nowMs / 1000)
        const isInserted = await insertSealed(transaction, key, sealingKeys, now)
        if (isInserted) for (const event of events) await writeAudit(transaction, event, nowMs)
        return isInserted
      }),
    live: () => readPublished(db, sealingKeys),
    records: () => readRecords(db),
    change: (work) =>
      db
        .transaction()
        .execute(async (transaction) => work(await lockKeys(transaction, sealingKeys, clock))),
    noteTokenLife: (kid, seconds) => noteTokenLife(db, kid, seconds),
    reseal: () => resealAll(db, sealingKeys)
  }
}

async function noteTokenLife(db: Kysely<Tables>, kid: string, seconds: number): Promise<boolean> {
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
}

/**
 * Creates the active key at the first start; of several instances that start together, one does.
 * @returns the published keys
 */
export async function ensureActiveKey(
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
