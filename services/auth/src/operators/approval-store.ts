import { randomUUID } from 'node:crypto'
import type { Kysely, Selectable, Transaction } from 'kysely'
import type { By } from '../audit/audit-event.ts'
import { lockText } from '../database/postgres/lock-text.ts'
import type { Tables } from '../database/tables.ts'
import { writeApprovalEvent } from './approval-events.ts'
import type { ActingOperator } from './operator.ts'
import { noPendingApproval, tooManyWaiting } from './operator-refusals.ts'
import type { ApprovalTable } from './operator-table.ts'
import {
  type Approval,
  type ApprovedRequest,
  readApproval,
  storedRequest
} from './stored-approval.ts'

/** What `take` found: the request may be carried out, or it waits for an approval. */
export type Taken =
  | { readonly isApproved: true; readonly id: string }
  | { readonly isApproved: false; readonly pending: Approval }

/** how many requests of one operator can wait, so that those of others can still be found */
const MOST_WAITING = 20

/** Requests that a second operator approves. Each change is one transaction with its event. */
export type ApprovalStore = {
  /**
   * Uses the approval of this request, or notes that the request waits for one. The same request
   * of the same operator waits once.
   * @throws Refusal FORBIDDEN if too many requests of the operator wait
   */
  take(request: ApprovedRequest, operator: ActingOperator, by: By): Promise<Taken>
  /** The request failed, so its approval can be used again. */
  giveBack(id: string): Promise<void>
  /**
   * The requests that wait, and approvals that were not used yet; the newest first. Without those
   * that were altered in the database.
   */
  list(): Promise<Approval[]>
  /** @throws Refusal NOT_FOUND unless it waits */
  find(id: string): Promise<Approval>
  /**
   * Approves a request, or rejects one. An approval that was not used yet can still be rejected.
   * @throws Refusal NOT_FOUND if there is nothing to decide
   */
  decide(
    id: string,
    decision: 'approved' | 'rejected',
    by: By & { readonly name: string }
  ): Promise<Approval>
}

/** @param onAltered is called with the ids of altered requests when `list` begins to omit some */
export function approvalStore(
  db: Kysely<Tables>,
  lifetimeSeconds: number,
  clock: () => number,
  onAltered: (ids: readonly string[]) => void
): ApprovalStore {
  let areAltered = false
  const now = () => Math.floor(clock() / 1000)
  return {
    take: (request, { name }, by) =>
      db
        .transaction()
        .execute((transaction) => take(transaction, request, { ...by, name, lifetimeSeconds })),
    async giveBack(id) {
      await db
        .updateTable('approvals')
        .set({ state: 'approved' })
        .where('id', '=', id)
        .where('state', '=', 'used')
        .execute()
    },
    async list() {
      const rows = await db
        .selectFrom('approvals')
        .selectAll()
        .where('state', 'in', ['pending', 'approved'])
        .where('expires_at', '>', now())
        .orderBy('requested_at', 'desc')
        .orderBy('id')
        .execute()
      const altered = rows.filter((row) => readApproval(row) === null).map(({ id }) => id)
      if (altered.length > 0 && !areAltered) onAltered(altered)
      areAltered = altered.length > 0
      return rows.flatMap((row) => readApproval(row) ?? [])
    },
    async find(id) {
      const row = await db
        .selectFrom('approvals')
        .selectAll()
        .where('id', '=', id)
        .where('state', '=', 'pending')
        .where('expires_at', '>', now())
        .executeTakeFirst()
      return found(row)
    },
    decide: (id, decision, by) =>
      db.transaction().execute((transaction) => decide(transaction, id, decision, by))
  }
}

type Taking = By & { readonly name: string; readonly lifetimeSeconds: number }

async function take(
  transaction: Transaction<Tables>,
  { operation, params, body }: ApprovedRequest,
  { source, clock, name, lifetimeSeconds }: Taking
): Promise<Taken> {
  // Otherwise, simultaneous requests would wait twice, and could be approved twice.
  await lockText(transaction, `approvals of ${name}`)
  const nowMs = clock()
  const now = Math.floor(nowMs / 1000)
  const stored = storedRequest({ operation, params, body })
  const approved = await transaction
    .updateTable('approvals')
    .set({ state: 'used' })
    .where('request_digest', '=', stored.request_digest)
    .where('requested_by', '=', name)
    .where('state', '=', 'approved')
    .where('expires_at', '>', now)
    .returning('id')
    .executeTakeFirst()
  if (approved !== undefined) return { isApproved: true, id: approved.id }
  const waiting = await waitingOf(transaction, name, now)
  const same = waiting.find((one) => one.request_digest === stored.request_digest)
  const pending = same === undefined ? null : readApproval(same)
  if (pending !== null) return { isApproved: false, pending }
  if (waiting.length >= MOST_WAITING) throw tooManyWaiting(name, MOST_WAITING)
  const expires_at = now + lifetimeSeconds
  const row: Selectable<ApprovalTable> = {
    ...stored,
    id: randomUUID(),
    requested_by: name,
    requested_at: now,
    expires_at,
    state: 'pending',
    decided_by: null
  }
  await transaction.insertInto('approvals').values(row).execute()
  await writeApprovalEvent(transaction, 'approval-requested', row, { source, nowMs })
  return { isApproved: false, pending: found(row) }
}

/** The requests of an operator that wait. */
const waitingOf = (
  transaction: Transaction<Tables>,
  name: string,
  now: number
): Promise<Selectable<ApprovalTable>[]> =>
  transaction
    .selectFrom('approvals')
    .selectAll()
    .where('requested_by', '=', name)
    .where('state', '=', 'pending')
    .where('expires_at', '>', now)
    .execute()

async function decide(
  transaction: Transaction<Tables>,
  id: string,
  decision: 'approved' | 'rejected',
  { source, clock, name }: By & { readonly name: string }
): Promise<Approval> {
  const nowMs = clock()
  const row = await transaction
    .updateTable('approvals')
    .set({ state: decision, decided_by: name })
    .where('id', '=', id)
    .where('state', 'in', decision === 'rejected' ? ['pending', 'approved'] : ['pending'])
    .where('expires_at', '>', Math.floor(nowMs / 1000))
    .returningAll()
    .executeTakeFirst()
  if (row === undefined) throw noPendingApproval()
  const approval = found(row)
  await writeApprovalEvent(transaction, `request-${decision}`, row, { source, nowMs })
  return approval
}

/** @throws Refusal NOT_FOUND */
function found(row: Selectable<ApprovalTable> | undefined): Approval {
  const approval = row === undefined ? null : readApproval(row)
  if (approval === null) throw noPendingApproval()
  return approval
}
