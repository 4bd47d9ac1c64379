import { randomUUID } from 'node:crypto'
import type { Kysely, Selectable } from 'kysely'
import type { AuditKind, By } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import { deliveryOperations } from '../outbox/delivery-operations.ts'
import type { SealingKeys } from '../secrets/seal.ts'
import { newWebhookSecret } from '../signed-post/message-signature.ts'
import { readEvents, storedEvents } from '../subscriptions/subscribers.ts'
import type { Webhook, WebhookState } from '../subscriptions/webhook.ts'
import type { WebhookTable } from '../subscriptions/webhook-table.ts'
import { type ResealSecrets, resealSecrets, sealSecret } from './webhook-secrets.ts'

export type WebhookStore = {
  /** Null if there are already `most` endpoints. */
  insert(
    endpoint: Pick<Webhook, 'url' | 'events'>,
    most: number,
    by: By
  ): Promise<{ readonly webhook: Webhook; readonly secret: string } | null>
  /** The oldest first. */
  list(): Promise<Webhook[]>
  find(id: string): Promise<Selectable<WebhookTable> | null>
  /** Removes an endpoint and its deliveries. False if there is none. */
  remove(id: string, by: By): Promise<boolean>
  /** An enabled endpoint gets what is pending for it. False if there is none. */
  setState(id: string, state: 'enabled' | 'disabled', by: By): Promise<boolean>
  /** Replaces the secret. The previous one signs, too, until then. Null if there is no endpoint. */
  rotateSecret(id: string, previousUntilMs: number, by: By): Promise<string | null>
  /**
   * Encrypts again, with the first key, what another key has encrypted, and returns how many.
   * @throws UnknownSealingKey if a secret cannot be decrypted with any key
   */
  readonly reseal: ResealSecrets
}

export function webhookStore(db: Kysely<Tables>, keys: SealingKeys): WebhookStore {
  return {
    insert: insertWebhook(db, keys),
    async list() {
      const rows = await db
        .selectFrom('webhooks')
        .selectAll()
        .orderBy('created_at_ms')
        .orderBy('id')
        .execute()
      return rows.map(toWebhook)
    },
    async find(id) {
      const found = db.selectFrom('webhooks').selectAll().where('id', '=', id)
      return (await found.executeTakeFirst()) ?? null
    },
    remove: (id, by) =>
      db.transaction().execute(async (transaction) => {
        const { numDeletedRows } = await transaction
          .deleteFrom('webhooks')
          .where('id', '=', id)
          .executeTakeFirst()
        if (numDeletedRows === 0n) return false
        await deliveryOperations(transaction).remove(transaction, 'webhook', id)
        await writeAudit(transaction, eventOf('webhook-deleted', id, by), by.clock())
        return true
      }),
    setState: switchWebhook(db),
    rotateSecret: (id, previousUntilMs, by) =>
      db.transaction().execute(async (transaction) => {
        const secret = newWebhookSecret()
        const { numUpdatedRows } = await transaction
          .updateTable('webhooks')
          .set(({ ref }) => ({
            sealed_previous_secret: ref('sealed_secret'),
            sealed_secret: sealSecret(secret, keys, id),
            previous_until_ms: previousUntilMs
          }))
          .where('id', '=', id)
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return null
        await writeAudit(transaction, eventOf('webhook-secret-rotated', id, by), by.clock())
        return secret
      }),
    reseal: resealSecrets(db, keys)
  }
}

const insertWebhook =
  (db: Kysely<Tables>, keys: SealingKeys): WebhookStore['insert'] =>
  ({ url, events }, most, by) =>
    db.transaction().execute(async (transaction) => {
      const { count } = await transaction
        .selectFrom('webhooks')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
      if (count >= most) return null
      const id = randomUUID()
      const secret = newWebhookSecret()
      const nowMs = by.clock()
      const row = await transaction
        .insertInto('webhooks')
        .values({
          id,
          url,
          events: storedEvents(events),
          state: 'enabled',
          sealed_secret: sealSecret(secret, keys, id),
          sealed_previous_secret: null,
          previous_until_ms: null,
          failures: 0,
          failing_since_ms: null,
          paused_until_ms: 0,
          created_at_ms: nowMs
        })
        .returningAll()
        .executeTakeFirstOrThrow()
      await writeAudit(transaction, eventOf('webhook-created', id, by), nowMs)
      return { webhook: toWebhook(row), secret }
    })

const switchWebhook =
  (db: Kysely<Tables>): WebhookStore['setState'] =>
  (id, state, by) =>
    db.transaction().execute(async (transaction) => {
      const row = await transaction
        .updateTable('webhooks')
        .set({ state, failures: 0, failing_since_ms: null, paused_until_ms: 0 })
        .where('id', '=', id)
        .where('state', '!=', state)
        .returning('id')
        .executeTakeFirst()
      if (row === undefined) return (await webhookExists(transaction, id)) !== undefined
      await writeAudit(transaction, eventOf(`webhook-${state}`, id, by), by.clock())
      return true
    })

const webhookExists = (on: Kysely<Tables>, id: string) =>
  on.selectFrom('webhooks').select('id').where('id', '=', id).executeTakeFirst()

/** The audit event of an endpoint. */
export const eventOf = (
  kind: Extract<AuditKind, `webhook-${string}`>,
  id: string,
  { source }: Pick<By, 'source'>,
  detail: Readonly<Record<string, number | string>> = {}
) => ({ kind, subject: id, sid: null, source, detail })

const toWebhook = (row: Selectable<WebhookTable>): Webhook => ({
  id: row.id,
  url: row.url,
  events: readEvents(row),
  state: row.state satisfies WebhookState,
  failingSinceMs: row.failing_since_ms,
  previousSecretUntilMs: row.previous_until_ms,
  createdAtMs: row.created_at_ms
})
