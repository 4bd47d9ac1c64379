import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/**
 * The number of partitions of the sessions, in the database. It is recorded once, and decides from
 * then on: Redis may lose its own record, and a setting may be wrong.
 */
export type DurablePartitions = {
  /** null: none is recorded yet */
  read(): Promise<number | null>
  /** Records this number, unless one is recorded. Returns the one that is. */
  record(partitions: number): Promise<number>
}

export function durablePartitions(db: Kysely<Tables>): DurablePartitions {
  return {
    async read() {
      const row = await db.selectFrom('session_store').select('partitions').executeTakeFirst()
      return row?.partitions ?? null
    },
    async record(partitions) {
      const { partitions: recorded } = await db
        .insertInto('session_store')
        .values({ one: 1, incarnation: '', partitions })
        .onConflict((conflict) =>
          conflict.column('one').doUpdateSet(({ fn, ref }) => ({
            partitions: fn.coalesce(ref('session_store.partitions'), ref('excluded.partitions'))
          }))
        )
        .returning('partitions')
        .executeTakeFirstOrThrow()
      return recorded ?? partitions
    }
  }
}
