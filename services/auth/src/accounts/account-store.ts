import { randomUUID } from 'node:crypto'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Origin } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import { costOfHash } from '../database/migrations/0014-foreign-password-costs.ts'
import type { AccountTable, Tables } from '../database/tables.ts'
import { noteStale, otherRights, type Stale } from '../revocations/stale-tokens.ts'
import { endSessions } from '../sessions/end-sessions.ts'
import type { Account } from './account.ts'
import type { Change } from './change.ts'

export type NewAccount = Pick<Account, 'email' | 'passwordHash' | 'roles' | 'scope'>

export type PasswordChange = {
  readonly passwordHash: string
  /** the session that makes the change, which continues; null: none */
  readonly sid: string | null
  readonly origin: Origin
  readonly nowMs: number
}

export type AccountStore = {
  /** The new account, or null if the e-mail address is taken. */
  create(account: NewAccount, nowMs: number): Promise<Account | null>
  findById(id: string): Promise<Account | null>
  findByEmail(email: string): Promise<Account | null>
  /** In the order of their e-mail addresses, starting after `after`. */
  list(page: { after: string; limit: number }): Promise<Account[]>
  /** Replaces the roles, and notes which tokens become stale. */
  setRoles(id: string, roles: readonly string[], stale: Stale): Promise<void>
  /**
   * Disables an account and ends its sessions, in one transaction with its event and the note of
   * the stale tokens.
   * @returns the sessions that had not ended: the caller must tell the session store
   */
  disable(id: string, disabling: Change): Promise<string[]>
  /** Returns whether the account was disabled before. */
  enable(id: string): Promise<boolean>
  /**
   * Sets another password and ends every other session, in one transaction with its events.
   * @returns the sessions that had not ended: the caller must tell the session store. Null if the
   * password is not the one that was checked, or the account is disabled
   */
  changePassword(account: Account, change: PasswordChange): Promise<string[] | null>
  /**
   * Replaces the hash of the same password. Returns false if `before` is no longer the account's
   * hash.
   */
  replacePasswordHash(id: string, before: string, after: string): Promise<boolean>
  /** Every cost that the hash of some account has, as `passwordCost` reads it. */
  passwordCosts(): Promise<string[]>
  /** Resolves when the database answers. */
  ping(): Promise<void>
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Other strings cannot be ids, and PostgreSQL accepts no NUL in a text. */
export const isAccountId = (id: string): boolean => UUID.test(id)

export function accountStore(db: Kysely<Tables>): AccountStore {
  return {
    async create({ email, passwordHash, roles, scope }, nowMs) {
      const row = await db
        .insertInto('accounts')
        .values({
          id: randomUUID(),
          email,
          password_hash: passwordHash,
          password_version: 0,
          roles: JSON.stringify(roles),
          scope: scope.join(' '),
          created_at: Math.floor(nowMs / 1000),
          disabled_at: null,
          password_changed_at_ms: null,
          password_changed_by: null
        })
        .onConflict((conflict) => conflict.column('email').doNothing())
        .returningAll()
        .executeTakeFirst()
      return row === undefined ? null : toAccount(row)
    },
    async findById(id) {
      if (!isAccountId(id)) return null
      const row = await db
        .selectFrom('accounts')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row === undefined ? null : toAccount(row)
    },
    async findByEmail(email) {
      const row = await db
        .selectFrom('accounts')
        .selectAll()
        .where('email', '=', email)
        .executeTakeFirst()
      return row === undefined ? null : toAccount(row)
    },
    async list({ after, limit }) {
      const rows = await db
        .selectFrom('accounts')
        .selectAll()
        .where('email', '>', after)
        .orderBy('email')
        .limit(limit)
        .execute()
      return rows.map(toAccount)
    },
    setRoles: (id, roles, stale) =>
      db.transaction().execute(async (transaction) => {
        const row = await transaction
          .updateTable('accounts')
          .set({ roles: JSON.stringify(roles), ...otherRights(stale) })
          .where('id', '=', id)
          .returning('rights_version')
          .executeTakeFirst()
        if (row !== undefined) await noteStale(transaction, id, stale, row.rights_version)
      }),
    disable: (id, { stale, origin, nowMs }) =>
      db.transaction().execute(async (transaction) => {
        const row = await transaction
          .updateTable('accounts')
          .set({ disabled_at: Math.floor(nowMs / 1000), ...otherRights(stale) })
          .where('id', '=', id)
          .where('disabled_at', 'is', null)
          .returning('rights_version')
          .executeTakeFirst()
        // It is already disabled, and has no sessions.
        if (row === undefined) return []
        const ended = await endSessions(transaction, id, null, nowMs)
        await noteStale(transaction, id, stale, row.rights_version)
        const detail = { ended: ended.length }
        const event = { kind: 'user-disabled', subject: id, sid: null, origin, detail } as const
        await writeAudit(transaction, event, nowMs)
        return ended
      }),
    async enable(id) {
      const { numUpdatedRows } = await db
        .updateTable('accounts')
        .set({ disabled_at: null })
        .where('id', '=', id)
        .where('disabled_at', 'is not', null)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },
    changePassword: ({ id, passwordVersion }, { passwordHash, sid, origin, nowMs }) =>
      db.transaction().execute(async (transaction) => {
        const { numUpdatedRows } = await transaction
          .updateTable('accounts')
          .set({
            password_hash: passwordHash,
            password_version: passwordVersion + 1,
            password_changed_at_ms: nowMs,
            password_changed_by: sid
          })
          .where('id', '=', id)
          .where('password_version', '=', passwordVersion)
          .where('disabled_at', 'is', null)
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return null
        const about = { subject: id, sid, origin }
        await writeAudit(transaction, { kind: 'password-changed', ...about }, nowMs)
        const ended = await endSessions(transaction, id, sid, nowMs)
        const detail = { ended: ended.length }
        await writeAudit(transaction, { kind: 'logout-all', ...about, detail }, nowMs)
        return ended
      }),
    async replacePasswordHash(id, before, after) {
      const { numUpdatedRows } = await db
        .updateTable('accounts')
        .set({ password_hash: after })
        .where('id', '=', id)
        .where('password_hash', '=', before)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },
    async passwordCosts() {
      // Jumps from each cost to the next by the index: there are few costs, and many accounts.
      const { rows: found } = await sql<{ cost: string }>`
        with recursive costs(cost) as (
          select (select ${costOfHash} from accounts order by ${costOfHash} limit 1)
          union all
          select (
            select ${costOfHash} from accounts where ${costOfHash} > costs.cost
            order by ${costOfHash} limit 1
          ) from costs where costs.cost is not null
        )
        select cost from costs where cost is not null`.execute(db)
      return found.map(({ cost }) => cost)
    },
    async ping() {
      await db.selectFrom('accounts').select('id').limit(1).execute()
    }
  }
}

export function toAccount(row: Selectable<AccountTable>): Account {
  return {
    id: row.id,
    email: row.email,
    passwordHash: row.password_hash,
    passwordVersion: row.password_version,
    roles: JSON.parse(row.roles),
    scope: row.scope === '' ? [] : row.scope.split(' '),
    createdAt: row.created_at,
    disabled: row.disabled_at !== null,
    tokensNotBefore: row.tokens_not_before,
    rightsVersion: row.rights_version,
    passwordChange:
      row.password_changed_at_ms === null || row.password_changed_by === null
        ? null
        : { atMs: row.password_changed_at_ms, sid: row.password_changed_by }
  }
}
