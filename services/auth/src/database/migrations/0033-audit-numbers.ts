import { type Kysely, type RawBuilder, sql } from 'kysely'
import { indexMigration } from '../index-migration.ts'
import type { Tables } from '../tables.ts'

/** numbers that a chain can have; others are reported anyway */
const CHAINED = sql`seq between 1 and ${sql.lit(Number.MAX_SAFE_INTEGER)}`

/** Two events of the audit log cannot have the same number. */
export const auditNumbers = indexMigration(
  {
    name: 'audit_events_seq_key',
    table: 'audit_events',
    columns: ['seq'],
    uniqueWhere: CHAINED
  },
  { columns: [], before: moveDuplicates }
)

/** in one statement */
const MOST_NUMBERS = 500

/**
 * Duplicates exist only if somebody has written them into the database. All but one get a negative
 * number: verification reports events outside of the chain, and the upgrade goes on.
 */
async function moveDuplicates(database: Kysely<Tables>, place: RawBuilder<unknown>): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ seq: number }>`select seq from audit_events where ${CHAINED}
      group by seq having count(*) > 1 limit ${sql.lit(MOST_NUMBERS)}`.execute(database)
    if (rows.length === 0) return
    const numbers = sql.join(rows.map(({ seq }) => sql.lit(seq)))
    await sql`update audit_events set seq = -seq where ${place} in (
      select place from (
        select ${place} as place, row_number() over (partition by seq order by at_ms) as twin
          from audit_events where seq in (${numbers})
      ) as twins where twin > 1)`.execute(database)
  }
}
