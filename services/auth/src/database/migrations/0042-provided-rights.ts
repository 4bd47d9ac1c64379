import { sql } from 'kysely'
import { indexMigration } from '../index-migration.ts'

/**
 * Rights that accounts have from linked providers: of each link, with the time until which they
 * last, and of the account, whose tokens need them without a join. An earlier version reads none of
 * them, and its tokens lack these rights.
 */
export const providedRights = indexMigration(
  { name: 'identities_by_provided_until', table: 'identities', columns: ['provided_until'] },
  {
    columns: [
      { name: 'provided', type: 'text' },
      { name: 'provided_until', type: 'bigint' }
    ],
    also: async (database) => {
      await sql`alter table accounts add column provided text`.execute(database)
    }
  }
)
