import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { publishedStates } from './signing-key.ts'

/**
 * The longest lifetime of the tokens that a published key may have signed, of any subject and
 * whatever the current setting is. Revocations of machine clients are remembered for this time too.
 */
export async function longestTokenSeconds(db: Kysely<Tables>): Promise<number> {
  const { longest } = await db
    .selectFrom('signing_keys')
    .select(({ fn }) => fn.max('longest_token_seconds').as('longest'))
    .where('state', 'in', publishedStates)
    .executeTakeFirstOrThrow()
  return longest ?? 0
}
