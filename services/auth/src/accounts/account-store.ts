import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { By } from '../audit/audit-event.ts'
import { writeAudit } from '../audit/audit-log.ts'
import { endSessions } from '../database/end-sessions.ts'
import { storedList } from '../database/statements/stored-list.ts'
import { isUuid } from '../database/statements/uuid.ts'
import type { Tables } from '../database/tables.ts'
import { isReserved } from '../link-tokens/undo-links.ts'
import type { Account } from './account.ts'
import { toAccount } from './account-row.ts'
import { costOfHash } from './passwords/hashes/cost-of-hash.ts'
import { otherPassword } from './passwords/other-password.ts'

export type NewAccount = Pick<Account, 'email' | 'passwordHash' | 'roles' | 'scope'> & {
  /** whether the address is proven, or an operator vouches for it */
  readonly emailVerified?: boolean
  readonly emailTyped?: string | null
}

export type PasswordChange = By & {
  readonly passwordHash: string
  /** the session that makes the change, which continues; null: none */
  readonly sid: string | null
  /** a password hash of the request, to recognise its repeat */
  readonly requestHash: string
  readonly notify?: Notify
}

/** Notifies an account of a change, in its transaction. */
export type Notify = (transaction: Kysely<Tables>, nowMs: number) => Promise<void>

export type AccountStore = {
  /** Stores a new account, in one transaction with its event. Null if the address is taken. */
  create(account: NewAccount, by: By): Promise<Account | null>
  findById(id: string): Promise<Account | null>
  findByEmail(email: string): Promise<Account | null>
  /** In the order of their e-mail addresses, starting after `after`. */
  list(page: { after: string; limit: number }): Promise<Account[]>
  /**
   * Sets another password and ends every other session, in one transaction with its events.
   * @returns the sessions that had not ended: the caller must publish them to the session store.
   * Null if the password is not the one that was checked, or the account is disabled
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

export function accountStore(db: Kysely<Tables>): AccountStore {
  return {
    create: (account, by) =>
      db.transaction().execute((transaction) => insertAccount(transaction, account, by)),
    async findById(id) {
      if (!isUuid(id)) return null
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
    changePassword: changePassword(db),
    async replacePasswordHash(id, before, after) {
      const { numUpdatedRows } = await db
        .updateTable('accounts')
        .set({ password_hash: after })
        .where('id', '=', id)
        .where('password_hash', '=', before)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },
    passwordCosts: passwordCosts(db),
    async ping() {
      await db.selectFrom('accounts').select('id').limit(1).execute()
    }
  }
}

const changePassword =
  (db: Kysely<Tables>): AccountStore['changePassword'] =>
  ({ id, passwordVersion }, { passwordHash, requestHash, sid, source, clock, notify }) =>
    db.transaction().execute(async (transaction) => {
      const nowMs = clock()
      const { numUpdatedRows } = await transaction
        .updateTable('accounts')
        .set(otherPassword(passwordHash, { atMs: nowMs, sid, requestHash }))
        .where('id', '=', id)
        .where('password_version', '=', passwordVersion)
        .where('disabled_at', 'is', null)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return null
      const about = { subject: id, sid, source }
      await writeAudit(transaction, { kind: 'password-changed', ...about }, nowMs)
      const ended = await endSessions(transaction, id, sid, nowMs)
      const detail = { ended: ended.length }
      await writeAudit(transaction, { kind: 'logout-all', ...about, detail }, nowMs)
      await notify?.(transaction, nowMs)
      return ended
    })

const passwordCosts =
  (db: Kysely<Tables>): AccountStore['passwordCosts'] =>
  async () => {
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
  }

/** The same, in the transaction of a larger change. */
export async function insertAccount(
  transaction: Kysely<Tables>,
  { email, emailTyped = null, passwordHash, roles, scope, emailVerified = false }: NewAccount,
  { source, clock }: By
): Promise<Account | null> {
  const nowMs = clock()
  const row = await transaction
    .insertInto('accounts')
    .values({
      id: randomUUID(),
      email,
      email_typed: emailTyped,
      password_hash: passwordHash,
      password_version: 0,
      roles: JSON.stringify(roles),
      scope: storedList(scope),
      created_at: Math.floor(nowMs / 1000),
      disabled_at: null,
      email_verified_at: emailVerified ? Math.floor(nowMs / 1000) : null,
      password_changed_at_ms: null,
      password_changed_by: null,
      password_change_request: null
    })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .returningAll()
    .executeTakeFirst()
  if (row === undefined) return null
  // The insert may have waited until another account gave the address up. That account may still
  // undo the change, which reserves the address.
  if (await isReserved(transaction, { email, owner: null }, nowMs)) {
    await transaction.deleteFrom('accounts').where('id', '=', row.id).execute()
    return null
  }
  const event = { kind: 'user-created', subject: row.id, sid: null, source } as const
  await writeAudit(transaction, event, nowMs)
  return toAccount(row)
}
