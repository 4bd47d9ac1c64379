import { KEY_MEMORY_SECONDS } from '@gatehouse/revocation/revocation'
import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import { rememberedSeconds } from '../../revocations/remembered-seconds.ts'
import { currentRun, notePublished } from '../../revocations/store-run.ts'

/** Which changes of the keys are not announced yet, and which instance does due work. */
export type KeySetStore = {
  read(): Promise<{ version: number; publishedVersion: number }>
  /** Notes that a version was announced to the gateways. */
  notePublished(version: number): Promise<void>
  /** Writes a revoked key into the revocation log, and notes that the log has it. */
  publishRevocation(kid: string, publish: () => Promise<void>): Promise<void>
  /** Whether the log has every revoked key that it must remember. */
  revocationsArePublished(): Promise<boolean>
  /** Notes that the log may have lost revocations of keys that it must still remember. */
  republishRevocations(nowMs: number): Promise<void>
  /**
   * Takes over the maintenance of the keys for `lifeMs`, or keeps it. False if another instance has
   * it.
   */
  take(instance: string, nowMs: number, lifeMs: number): Promise<boolean>
  /** Gives the maintenance up. */
  release(instance: string): Promise<void>
}

export function keySetStore(db: Kysely<Tables>): KeySetStore {
  return {
    read: () => readVersions(db),
    notePublished: (version) => notePublishedVersion(db, version),
    publishRevocation: (kid, publish) => publishRevocation(db, kid, publish),
    revocationsArePublished: () => revocationsArePublished(db),
    republishRevocations: (nowMs) => noteUnpublishedRevocations(db, Math.floor(nowMs / 1000)),
    take: (instance, nowMs, lifeMs) => takeMaintenance(db, instance, nowMs, lifeMs),
    release: (instance) => releaseMaintenance(db, instance)
  }
}

async function readVersions(db: Kysely<Tables>): ReturnType<KeySetStore['read']> {
  const row = await db
    .selectFrom('signing_key_set')
    .select(['version', 'told_version'])
    .executeTakeFirstOrThrow()
  return { version: row.version, publishedVersion: row.told_version }
}

async function notePublishedVersion(db: Kysely<Tables>, version: number): Promise<void> {
  await db
    .updateTable('signing_key_set')
    .set({ told_version: version })
    .where('told_version', '<', version)
    .execute()
}

async function publishRevocation(
  db: Kysely<Tables>,
  kid: string,
  publish: () => Promise<void>
): Promise<void> {
  const run = await currentRun(db)
  await publish()
  await notePublished(db, run, (transaction) =>
    transaction
      .updateTable('signing_keys')
      .set({ untold_until: null })
      .where('kid', '=', kid)
      .execute()
  )
}

async function revocationsArePublished(db: Kysely<Tables>): Promise<boolean> {
  const left = db.selectFrom('signing_keys').select('kid').where('untold_until', 'is not', null)
  return (await left.limit(1).execute()).length === 0
}

/** @param now seconds since 1970 */
async function noteUnpublishedRevocations(db: Kysely<Tables>, now: number): Promise<void> {
  // As long as for a key that is revoked now: remembering a revocation for longer does no harm.
  const seconds = rememberedSeconds(KEY_MEMORY_SECONDS)
  await db
    .updateTable('signing_keys')
    .set({ untold_until: now + seconds })
    .where('state', '=', 'revoked')
    .where('ended_at', '>', now - seconds)
    .execute()
}

async function takeMaintenance(
  db: Kysely<Tables>,
  instance: string,
  nowMs: number,
  lifeMs: number
): Promise<boolean> {
  const row = await db
    .updateTable('signing_key_set')
    .set({ tended_by: instance, tended_until_ms: nowMs + lifeMs })
    .where(({ eb, or }) => or([eb('tended_by', '=', instance), eb('tended_until_ms', '<=', nowMs)]))
    .returning('one')
    .executeTakeFirst()
  return row !== undefined
}

async function releaseMaintenance(db: Kysely<Tables>, instance: string): Promise<void> {
  await db
    .updateTable('signing_key_set')
    .set({ tended_until_ms: 0 })
    .where('tended_by', '=', instance)
    .execute()
}
