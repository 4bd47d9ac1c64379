import type { JWK } from 'jose'
import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'

/**
 * The public halves of all signing keys, including former ones, the newest first: what a key has
 * signed can be verified when it is no longer published.
 */
export async function readPublicKeys(db: Kysely<Tables>): Promise<JWK[]> {
  const rows = await db
    .selectFrom('signing_keys')
    .select('public_jwk')
    .orderBy('created_at', 'desc')
    .execute()
  return rows.map(({ public_jwk }) => JSON.parse(public_jwk))
}
