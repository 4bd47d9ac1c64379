import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/**
 * How many events report the deletion of a user who still has an account. Somebody has inserted
 * such an event, for example to erase an address. An account that was imported again with its
 * former id has a later event that says so.
 */
export async function countUndeleted(db: Kysely<Tables>): Promise<number> {
  const { count } = await db
    .selectFrom('audit_events as deletion')
    .innerJoin('accounts', 'accounts.id', 'deletion.subject')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('deletion.kind', '=', 'user-deleted')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('audit_events as later')
            .select('later.kind')
            .whereRef('later.subject', '=', 'deletion.subject')
            .whereRef('later.at_ms', '>=', 'deletion.at_ms')
            .where('later.kind', 'in', ['user-created', 'user-imported'])
        )
      )
    )
    .executeTakeFirstOrThrow()
  return Number(count)
}
