import { calculateJwkThumbprint, type JWK } from 'jose'
import type { Kysely } from 'kysely'
import type { Tables } from '../../database/tables.ts'

/**
 * The public halves of all signing keys, including former ones, the newest first: what a key has
 * signed can be verified when it is no longer published. One that was replaced is left out: a key
 * is named by its thumbprint (RFC 7638).
 */
export async function readPublicKeys(db: Kysely<Tables>): Promise<JWK[]> {
  const rows = await db
    .selectFrom('signing_keys')
    .select(['kid', 'public_jwk'])
    .orderBy('created_at', 'desc')
    .execute()
  const keys: JWK[] = []
  for (const { kid, public_jwk } of rows) {
    const jwk: JWK = { ...JSON.parse(public_jwk), kid }
    if ((await thumbprintOf(jwk)) === kid) keys.push(jwk)
  }
  return keys
}

/** Null if it is not the public half of a key. */
const thumbprintOf = (jwk: JWK): Promise<string | null> =>
  calculateJwkThumbprint(jwk).catch(() => null)
