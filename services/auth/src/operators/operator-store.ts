import type { Kysely, Transaction } from 'kysely'
import type { AuditKind, By } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import type { Tables } from '../database/tables.ts'
import {
  type ActingOperator,
  newOperatorToken,
  type Operator,
  operatorTokenDigest,
  toOperator
} from './operator.ts'
import { operatorExists, tokenEnded } from './operator-refusals.ts'
import type { OperatorRole } from './operator-role.ts'
import { withdrawApprovals } from './withdraw-approvals.ts'

type NewOperator = {
  readonly name: string
  readonly role: OperatorRole
  readonly lifetimeSeconds: number
}

/** The operators and their tokens. Each change is one transaction with its event. */
export type OperatorStore = {
  /**
   * Creates an operator, or gives a new token to one whose token has expired or was revoked. The
   * token is not stored, so it cannot be shown again.
   * @throws Refusal CONFLICT if the operator has a live token
   */
  create(
    operator: NewOperator,
    by: By & { readonly createdBy: string }
  ): Promise<{ readonly operator: Operator; readonly token: string }>
  /**
   * Replaces a token for its holder, so that its creator no longer has a valid one. The new one
   * expires when the old one would have expired.
   * @throws Refusal UNAUTHENTICATED if the old one no longer works
   */
  renew(tokenDigest: string, by: By): Promise<string>
  /** In the order of their names. */
  list(): Promise<Operator[]>
  /**
   * Also rejects the requests of the operator that wait for an approval, and the requests that they
   * have approved. Returns whether the operator had a live token.
   */
  revoke(name: string, by: By): Promise<boolean>
  /** The operator whose live token has this digest, or null. Notes that it was used. */
  find(tokenDigest: string): Promise<ActingOperator | null>
  /** The digest of the newest token of an operator; null: there is no such operator. */
  tokenDigestOf(name: string): Promise<string | null>
  /** Whether the token with this digest still works. */
  isLive(tokenDigest: string): Promise<boolean>
}

/** A token that is used often is not noted each time. */
const USED_SECONDS = 60

export function operatorStore(db: Kysely<Tables>, clock: () => number): OperatorStore {
  return {
    create: (operator, by) =>
      db.transaction().execute((transaction) => create(transaction, operator, by)),
    renew: (digest, by) =>
      db.transaction().execute((transaction) => renew(transaction, digest, by)),
    async list() {
      const rows = await db.selectFrom('operators').selectAll().orderBy('name').execute()
      const now = Math.floor(clock() / 1000)
      return rows.map((row) => toOperator(row, now))
    },
    revoke: (name, by) => db.transaction().execute((transaction) => revoke(transaction, name, by)),
    find: (digest) => find(db, digest, Math.floor(clock() / 1000)),
    async tokenDigestOf(name) {
      const row = await db
        .selectFrom('operators')
        .select('token_digest')
        .where('name', '=', name)
        .executeTakeFirst()
      return row?.token_digest ?? null
    },
    isLive: async (digest) => (await liveRow(db, digest, Math.floor(clock() / 1000))) !== undefined
  }
}

async function create(
  transaction: Transaction<Tables>,
  { name, role, lifetimeSeconds }: NewOperator,
  { source, clock, createdBy }: By & { readonly createdBy: string }
): ReturnType<OperatorStore['create']> {
  const nowMs = clock()
  const now = Math.floor(nowMs / 1000)
  const token = newOperatorToken()
  const values = {
    role,
    token_digest: operatorTokenDigest(token),
    created_at: now,
    created_by: createdBy,
    expires_at: now + lifetimeSeconds,
    used_at: null,
    revoked_at: null
  }
  const row = await transaction
    .insertInto('operators')
    .values({ name, ...values })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet(values)
        .where(({ or, eb }) =>
          or([eb('operators.revoked_at', 'is not', null), eb('operators.expires_at', '<=', now)])
        )
    )
    .returningAll()
    .executeTakeFirst()
  if (row === undefined) throw operatorExists(name)
  await writeEvent(transaction, 'operator-created', name, { source, nowMs, detail: { role } })
  return { operator: toOperator(row, now), token }
}

async function renew(
  transaction: Transaction<Tables>,
  digest: string,
  { source, clock }: By
): Promise<string> {
  const nowMs = clock()
  const row = await liveRow(transaction, digest, Math.floor(nowMs / 1000))
  if (row === undefined) throw tokenEnded()
  const token = newOperatorToken()
  const { numUpdatedRows } = await transaction
    .updateTable('operators')
    .set({ token_digest: operatorTokenDigest(token), created_by: row.name, used_at: null })
    .where('token_digest', '=', digest)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) throw tokenEnded()
  await writeEvent(transaction, 'operator-renewed', row.name, { source, nowMs })
  return token
}

async function revoke(
  transaction: Transaction<Tables>,
  name: string,
  { source, clock }: By
): Promise<boolean> {
  const nowMs = clock()
  const now = Math.floor(nowMs / 1000)
  const { numUpdatedRows } = await transaction
    .updateTable('operators')
    .set({ revoked_at: now })
    .where('name', '=', name)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await writeEvent(transaction, 'operator-revoked', name, { source, nowMs })
  await withdrawApprovals(transaction, name, { source, nowMs })
  return true
}

type EventOf = {
  readonly source: By['source']
  readonly nowMs: number
  readonly detail?: Readonly<Record<string, string>>
}

const writeEvent = (
  transaction: Transaction<Tables>,
  kind: AuditKind,
  subject: string,
  { source, nowMs, detail = {} }: EventOf
): Promise<void> => writeAudit(transaction, { kind, subject, sid: null, source, detail }, nowMs)

async function find(
  db: Kysely<Tables>,
  digest: string,
  now: number
): Promise<ActingOperator | null> {
  const row = await liveRow(db, digest, now)
  if (row === undefined) return null
  if (row.used_at === null || now - row.used_at >= USED_SECONDS) {
    await db.updateTable('operators').set({ used_at: now }).where('name', '=', row.name).execute()
  }
  const { name, role, expires_at: expiresAt } = row
  return { name, role, expiresAt, tokenDigest: digest, session: null }
}

const liveRow = (db: Kysely<Tables>, digest: string, now: number) =>
  db
    .selectFrom('operators')
    .selectAll()
    .where('token_digest', '=', digest)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
