import type { Kysely, Selectable } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { type SealingKeys, seal, unsealWithAny } from '../secrets/seal.ts'
import { UnknownSealingKey } from '../secrets/unknown-sealing-key.ts'
import type { WebhookTable } from '../subscriptions/webhook-table.ts'

/** A secret is bound to its endpoint, so that it cannot be moved to another row. */
const about = (id: string): string => `webhook ${id}`

export const sealSecret = (secret: string, [newest]: SealingKeys, id: string): string =>
  seal(secret, newest, about(id))

type Sealed = Pick<
  Selectable<WebhookTable>,
  'id' | 'sealed_secret' | 'sealed_previous_secret' | 'previous_until_ms'
>

/**
 * The secrets that sign now, the newest first.
 * @throws UnknownSealingKey
 */
export function validSecrets(row: Sealed, keys: SealingKeys, nowMs: number): string[] {
  const { id, sealed_previous_secret: previous, previous_until_ms: untilMs } = row
  const isPreviousValid = previous !== null && untilMs !== null && nowMs < untilMs
  const sealed = isPreviousValid ? [row.sealed_secret, previous] : [row.sealed_secret]
  return sealed.map((one) => unsealed(one, keys, id).secret)
}

function unsealed(sealed: string, keys: SealingKeys, id: string) {
  try {
    return unsealWithAny(sealed, keys, about(id))
  } catch (cause) {
    throw new UnknownSealingKey(`the secret of the webhook endpoint ${id}`, cause)
  }
}

/** @throws UnknownSealingKey */
export type ResealSecrets = () => Promise<number>

/** Deletes all previous secrets that no longer sign. Returns false: one statement deletes all. */
export const forgetPreviousSecrets =
  (db: Kysely<Tables>, clock: () => number) => async (): Promise<boolean> => {
    await db
      .updateTable('webhooks')
      .set({ sealed_previous_secret: null, previous_until_ms: null })
      .where('previous_until_ms', '<=', clock())
      .execute()
    return false
  }

/**
 * Encrypts again, with the first key, what another key has encrypted, and returns the number of
 * endpoints.
 */
export const resealSecrets =
  (db: Kysely<Tables>, keys: SealingKeys): ResealSecrets =>
  async () => {
    const rows = await db.selectFrom('webhooks').selectAll().execute()
    let count = 0
    for (const row of rows) {
      const { id, sealed_secret, sealed_previous_secret } = row
      const secret = unsealed(sealed_secret, keys, id)
      const previous =
        sealed_previous_secret === null ? null : unsealed(sealed_previous_secret, keys, id)
      if (!secret.stale && previous?.stale !== true) continue
      await db
        .updateTable('webhooks')
        .set({
          sealed_secret: sealSecret(secret.secret, keys, id),
          sealed_previous_secret: previous === null ? null : sealSecret(previous.secret, keys, id)
        })
        .where('id', '=', id)
        // An operator may have rotated it meanwhile.
        .where('sealed_secret', '=', sealed_secret)
        .execute()
      count += 1
    }
    return count
  }
