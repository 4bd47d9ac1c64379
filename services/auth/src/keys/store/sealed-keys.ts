import type { Insertable, Kysely, Selectable } from 'kysely'
import type { Tables } from '../../database/tables.ts'
import { type SealingKeys, seal, unsealWithAny } from '../../secrets/seal.ts'
import { UnknownSealingKey } from '../../secrets/unknown-sealing-key.ts'
import type { SigningKeyTable } from '../key-tables.ts'
import { publicHalf, publishedStates, type SigningKey } from '../signing-key.ts'
import { GONE } from './key-records.ts'

/**
 * Stores a key, encrypted with the first sealing key. False if it would be a second active key.
 * @param now seconds since 1970
 */
export async function insertSealed(
  on: Kysely<Tables>,
  key: SigningKey,
  sealingKeys: SealingKeys,
  now: number
): Promise<boolean> {
  const row = await on
    .insertInto('signing_keys')
    .values(newRow(key, sealingKeys, now))
    .onConflict((conflict) => conflict.doNothing())
    .returning('kid')
    .executeTakeFirst()
  return row !== undefined
}

function newRow(key: SigningKey, [newest]: SealingKeys, now: number): Insertable<SigningKeyTable> {
  return {
    kid: key.kid,
    algorithm: key.algorithm,
    state: key.state,
    public_jwk: JSON.stringify(key.publicJwk),
    sealed_private_key: seal(key.privatePem, newest, key.kid),
    created_at: now,
    activated_at: key.state === 'active' ? now : null
  }
}

/**
 * All published keys, decrypted, the newest first. A person who can write the database, but does
 * not have a sealing key, could replace a public half, and sign tokens. So the public half is
 * computed from the private one.
 */
export async function readPublished(
  db: Kysely<Tables>,
  sealingKeys: SealingKeys
): Promise<SigningKey[]> {
  const rows = await db
    .selectFrom('signing_keys')
    .selectAll()
    .where('state', 'in', publishedStates)
    .orderBy('created_at', 'desc')
    .orderBy('kid')
    .execute()
  return rows.map((row) => {
    const { kid, algorithm, state } = row
    const privatePem = unseal(row, sealingKeys).secret
    return { kid, algorithm, state, publicJwk: publicHalf(privatePem, kid, algorithm), privatePem }
  })
}

/**
 * Encrypts again, with the first sealing key, what another one has encrypted, and returns how many.
 * @throws UnknownSealingKey if a secret cannot be decrypted with any key
 */
export async function resealAll(db: Kysely<Tables>, sealingKeys: SealingKeys): Promise<number> {
  const rows = await db
    .selectFrom('signing_keys')
    .select(['kid', 'sealed_private_key'])
    .where('sealed_private_key', '!=', GONE)
    .execute()
  let count = 0
  for (const row of rows) {
    const { secret, stale } = unseal(row, sealingKeys)
    if (!stale) continue
    await db
      .updateTable('signing_keys')
      .set({ sealed_private_key: seal(secret, sealingKeys[0], row.kid) })
      .where('kid', '=', row.kid)
      // Its private half may have been deleted meanwhile, and must not come back.
      .where('sealed_private_key', '=', row.sealed_private_key)
      .execute()
    count += 1
  }
  return count
}

type SealedRow = Pick<Selectable<SigningKeyTable>, 'kid' | 'sealed_private_key'>

function unseal(row: SealedRow, keys: SealingKeys) {
  try {
    return unsealWithAny(row.sealed_private_key, keys, row.kid)
  } catch (cause) {
    throw new UnknownSealingKey(`the signing key ${row.kid}`, cause)
  }
}
