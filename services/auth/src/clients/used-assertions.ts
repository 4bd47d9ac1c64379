import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'

/**
 * how far the clocks of two instances may differ: an assertion is remembered until the slower one
 * would refuse it
 */
const CLOCKS_APART_SECONDS = 60

/** The client assertions that were used, across all instances (RFC 7523 §3, rule 7). */
export type UsedAssertions = {
  /**
   * Notes an assertion that can be used until `expiresAt` (s). Returns whether this is its first
   * use; of several simultaneous uses, one is the first.
   */
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
          // The digest makes any text storable: a database accepts neither every text nor a key of
          // any length.
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
