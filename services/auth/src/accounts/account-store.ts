import { randomUUID } from 'node:crypto'
import type { Kysely, Selectable } from 'kysely'
import type { AccountTable, Tables } from '../database/tables.ts'
import type { Account } from './account.ts'

export type NewAccount = Pick<Account, 'email' | 'passwordHash' | 'roles' | 'scope'>

export type AccountStore = {
  /** The new account, or null where the e-mail address is taken. */
  create(account: NewAccount, nowMs: number): Promise<Account | null>
  findById(id: string): Promise<Account | null>
  findByEmail(email: string): Promise<Account | null>
  setPasswordHash(id: string, passwordHash: string): Promise<void>
  /** Resolves when the database answers. */
  ping(): Promise<void>
}

export function accountStore(db: Kysely<Tables>): AccountStore {
  return {
    async create({ email, passwordHash, roles, scope }, nowMs) {
      const row = await db
        .insertInto('accounts')
        .values({
          id: randomUUID(),
          email,
          password_hash: passwordHash,
          roles: JSON.stringify(roles),
          scope: scope.join(' '),
          created_at: Math.floor(nowMs / 1000),
          disabled_at: null
        })
        .onConflict((conflict) => conflict.column('email').doNothing())
        .returningAll()
        .executeTakeFirst()
      return row === undefined ? null : toAccount(row)
    },
    async findById(id) {
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
    async setPasswordHash(id, passwordHash) {
      await db
        .updateTable('accounts')
        .set({ password_hash: passwordHash })
        .where('id', '=', id)
        .execute()
    },
    async ping() {
      await db.selectFrom('accounts').select('id').limit(1).execute()
    }
  }
}

function toAccount(row: Selectable<AccountTable>): Account {
  return {
    id: row.id,
    email: row.email,
    passwordHash: row.password_hash,
    roles: JSON.parse(row.roles),
    scope: row.scope === '' ? [] : row.scope.split(' '),
    disabled: row.disabled_at !== null
  }
}
