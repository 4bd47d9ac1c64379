import type { Algorithm } from '@gatehouse/access-token/claims'
import type { Kysely } from 'kysely'
import type { SigningKeyTable, Tables } from '../database/tables.ts'
import { seal, unseal } from './seal.ts'
import { generateSigningKey, type SigningKey } from './signing-key.ts'

export type SigningKeyStore = {
  /** False where it would be a second active key. */
  insert(key: SigningKey, nowMs: number): Promise<boolean>
  /** Every key that is published or signs, the newest first. */
  live(): Promise<SigningKey[]>
}

export function signingKeyStore(db: Kysely<Tables>, keyEncryptionKey: Buffer): SigningKeyStore {
  return {
    async insert(key, nowMs) {
      const row = await db
        .insertInto('signing_keys')
        .values({
          kid: key.kid,
          algorithm: key.algorithm,
          state: key.state,
          public_jwk: JSON.stringify(key.publicJwk),
          sealed_private_key: seal(key.privatePem, keyEncryptionKey, key.kid),
          created_at: Math.floor(nowMs / 1000)
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('kid')
        .executeTakeFirst()
      return row !== undefined
    },
    async live() {
      const rows = await db
        .selectFrom('signing_keys')
        .selectAll()
        .where('state', 'in', ['standby', 'active', 'retiring'])
        .orderBy('created_at', 'desc')
        .execute()
      return rows.map((row) => ({
        kid: row.kid,
        algorithm: row.algorithm,
        state: row.state,
        publicJwk: JSON.parse(row.public_jwk),
        privatePem: unsealNamed(row, keyEncryptionKey)
      }))
    }
  }
}

function unsealNamed(row: SigningKeyTable, keyEncryptionKey: Buffer): string {
  try {
    return unseal(row.sealed_private_key, keyEncryptionKey, row.kid)
  } catch (cause) {
    throw new Error(
      `signing key ${row.kid} cannot be opened: AUTH_KEY_ENCRYPTION_KEY is not the one it was sealed with`,
      { cause }
    )
  }
}

/** The live keys, one of them active: made now where this is the first start. Of instances that start together one makes it. */
export async function loadSigningKeys(
  store: SigningKeyStore,
  algorithm: Algorithm,
  nowMs: number
): Promise<SigningKey[]> {
  const keys = await store.live()
  if (keys.some(({ state }) => state === 'active')) return keys
  const first = await generateSigningKey(algorithm, 'active')
  return (await store.insert(first, nowMs)) ? [first, ...keys] : store.live()
}
