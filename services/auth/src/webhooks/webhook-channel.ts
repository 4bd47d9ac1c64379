import { randomUUID } from 'node:crypto'
import type { Kysely, Selectable } from 'kysely'
import { SCHEDULE_ADDRESS } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import type { Channel, ReadyTarget } from '../outbox/attempts/channel.ts'
import { grantedWishMs, leaseOf, targetPauseMs } from '../outbox/attempts/retry-delay.ts'
import { type Attempt, INTERNAL_FAULT } from '../outbox/delivery.ts'
import type { WebhookState } from '../subscriptions/webhook.ts'
import type { WebhookTable } from '../subscriptions/webhook-table.ts'
import { eventOf } from './webhook-store.ts'

type Row = Selectable<WebhookTable>
type Failed = Extract<Attempt, { outcome: 'failed' }>

type WebhookChannelOptions = {
  readonly db: Kysely<Tables>
  /** how many attempts one process makes at one endpoint at the same time */
  readonly concurrency: number
  /** for one attempt */
  readonly timeoutMs: number
  /** how long an endpoint may fail before it is disabled; 0: forever */
  readonly disableAfterMs: number
  readonly random: () => number
  send(endpoint: Row, ...of: Parameters<ReadyTarget['send']>): Promise<Attempt>
  /** is called after an endpoint was disabled */
  readonly onDisabled: (id: string, state: WebhookState) => void
}

const LONGEST_PAUSE_MS = 300_000

/**
 * HTTP 410: the endpoint wants no more messages (Standard Webhooks, "Delivery success and failure")
 */
const GONE = 410

/**
 * Delivers to webhook endpoints. An endpoint that fails is paused as a whole, longer after each
 * failure, and then gets one attempt at a time until one succeeds. So an endpoint that is down
 * costs a request every few minutes, however much waits for it.
 */
export function webhookChannel(options: WebhookChannelOptions): Channel {
  const { db, concurrency, timeoutMs, send } = options
  return {
    kind: 'webhook',
    leaseMs: leaseOf(timeoutMs),
    async ready(nowMs) {
      const rows = await db
        .selectFrom('webhooks')
        .selectAll()
        .where('state', '=', 'enabled')
        .where('paused_until_ms', '<=', nowMs)
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('deliveries')
              .select('position')
              .where('kind', '=', 'webhook')
              .whereRef('target', '=', 'webhooks.id')
              .where('state', '=', 'pending')
              .where('due_at_ms', '<=', nowMs)
          )
        )
        .execute()
      return rows.map((row) => ({
        target: row.id,
        most: row.failures > 0 ? 1 : concurrency,
        send: (delivery, stopping) => send(row, delivery, stopping)
      }))
    },
    async note(transaction, id, attempt, nowMs) {
      if (attempt.outcome === 'delivered') await noteSuccess(transaction, id)
      return attempt.outcome === 'failed' && attempt.fault !== INTERNAL_FAULT
        ? await noteFailure(options, transaction, id, attempt, nowMs)
        : null
    }
  }
}

async function noteSuccess(transaction: Kysely<Tables>, id: string): Promise<void> {
  await transaction
    .updateTable('webhooks')
    .set({ failures: 0, failing_since_ms: null, paused_until_ms: 0 })
    .where('id', '=', id)
    .where('failures', '>', 0)
    .execute()
}

async function noteFailure(
  options: WebhookChannelOptions,
  transaction: Kysely<Tables>,
  id: string,
  { status, retryAfterMs }: Failed,
  nowMs: number
): Promise<(() => void) | null> {
  const { disableAfterMs, random, onDisabled } = options
  // The update locks the endpoint, so the failures of all instances are counted.
  const row = await transaction
    .updateTable('webhooks')
    .set(({ eb, fn, ref, val }) => ({
      // Attempts that were in progress when the endpoint failed are part of the same failure.
      failures: eb
        .case()
        .when('paused_until_ms', '>', nowMs)
        .then(ref('failures'))
        .else(eb('failures', '+', 1))
        .end(),
      failing_since_ms: fn.coalesce('failing_since_ms', val(nowMs))
    }))
    .where('id', '=', id)
    .where('state', '=', 'enabled')
    .returning(['failures', 'failing_since_ms', 'paused_until_ms'])
    .executeTakeFirst()
  if (row === undefined) return null
  const failingMs = nowMs - (row.failing_since_ms ?? nowMs)
  const isOver = disableAfterMs > 0 && failingMs >= disableAfterMs
  const state = status === GONE ? 'gone' : isOver ? 'failed' : 'enabled'
  const isPaused = row.paused_until_ms > nowMs
  const pauseMs = isPaused ? 0 : targetPauseMs(row.failures, LONGEST_PAUSE_MS, random)
  const untilMs = nowMs + Math.max(pauseMs, grantedWishMs(retryAfterMs))
  const paused_until_ms = Math.max(row.paused_until_ms, untilMs)
  await transaction
    .updateTable('webhooks')
    .set({ state, paused_until_ms })
    .where('id', '=', id)
    .execute()
  if (state === 'enabled') return null
  const source = { address: SCHEDULE_ADDRESS, requestId: randomUUID() }
  await writeAudit(transaction, eventOf('webhook-disabled', id, { source }, { state }), nowMs)
  return () => onDisabled(id, state)
}
