import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/** what the clocks of two instances may differ by: an assertion is remembered until the slower one would not take it */
const CLOCKS_APART_SECONDS = 60

/** The client assertions that were used, over all instances (RFC 7523 §3, rule 7). */
export type UsedAssertions = {
  /** Notes one that can be used until `expiresAt` (s). Whether it is its first use: of several at once, one's is. */
  firstUse(clientId: string, jti: string, expiresAt: number, nowSeconds: number): Promise<boolean>
}

export function usedAssertions(db: Kysely<Tables>): UsedAssertions {
  return {
    async firstUse(clientId, jti, expiresAt, nowSeconds) {
      await db.deleteFrom('used_client_assertions').where('forget_at', '<=', nowSeconds).execute()
      const inserted = await db
        .insertInto('used_client_assertions')
        .values({
          client_id: clientId,
          // Whatever text it is, and however long: a database may not take every one, and not as long a key.
          jti_digest: createHash('sha256').update(jti).digest('base64url'),
          forget_at: expiresAt + CLOCKS_APART_SECONDS
        })
        .onConflict((conflict) => conflict.columns(['client_id', 'jti_digest']).doNothing())
        .returning('client_id')
        .executeTakeFirst()
      return inserted !== undefined
    }
  }
}
