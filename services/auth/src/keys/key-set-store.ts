import { KEY_MEMORY_SECONDS } from '@gatehouse/revocation/revocation'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { rememberedSeconds } from '../revocations/remembered-seconds.ts'
import { noteTold, toldRun } from '../revocations/told-run.ts'

/** What gateways have not been told about the keys, and which instance does due work. */
export type KeySetStore = {
  read(): Promise<{ version: number; toldVersion: number }>
  /** Notes that gateways were told of a version. */
  noteTold(version: number): Promise<void>
  /** Writes a revoked key into the revocation log, and notes that the log has it. */
  tellRevocation(kid: string, tell: () => Promise<void>): Promise<void>
  /** Notes that the log may have lost revocations of keys that it must still remember. */
  retellRevocations(nowMs: number): Promise<void>
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
    async read() {
      const row = await db
        .selectFrom('signing_key_set')
        .select(['version', 'told_version'])
        .executeTakeFirstOrThrow()
      return { version: row.version, toldVersion: row.told_version }
    },
    async noteTold(version) {
      await db
        .updateTable('signing_key_set')
        .set({ told_version: version })
        .where('told_version', '<', version)
        .execute()
    },
    async tellRevocation(kid, tell) {
      const run = await toldRun(db)
      await tell()
      await noteTold(db, run, (transaction) =>
        transaction
          .updateTable('signing_keys')
          .set({ untold_until: null })
          .where('kid', '=', kid)
          .execute()
      )
    },
    async retellRevocations(nowMs) {
      const now = Math.floor(nowMs / 1000)
      // As long as for a key that is revoked now: remembering a revocation for longer does no harm.
      await db
        .updateTable('signing_keys')
        .set({ untold_until: now + rememberedSeconds(KEY_MEMORY_SECONDS) })
        .where('state', '=', 'revoked')
        .where('ended_at', '>', now - rememberedSeconds(KEY_MEMORY_SECONDS))
        .execute()
    },
    async take(instance, nowMs, lifeMs) {
      const row = await db
        .updateTable('signing_key_set')
        .set({ tended_by: instance, tended_until_ms: nowMs + lifeMs })
        .where(({ eb, or }) =>
          or([eb('tended_by', '=', instance), eb('tended_until_ms', '<=', nowMs)])
        )
        .returning('one')
        .executeTakeFirst()
      return row !== undefined
    },
    async release(instance) {
      await db
        .updateTable('signing_key_set')
        .set({ tended_until_ms: 0 })
        .where('tended_by', '=', instance)
        .execute()
    }
  }
}
