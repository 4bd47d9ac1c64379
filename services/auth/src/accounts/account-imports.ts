import type { Kysely } from 'kysely'
import type { By } from '../audit/audit-event.ts'
import type { Tables } from '../database/tables.ts'
import type { ImportedAccount } from './imported-account.ts'

/** Why an account cannot be stored: another one has its e-mail address, or its id. */
export type Obstacle = 'email' | 'id'

export type AccountImports = {
  /**
   * Stores those accounts whose e-mail address and id are free, each with its audit event, in one
   * transaction. The others stay as they are, so an import can be repeated.
   * @returns an obstacle for each account, in the same order; null: it was stored
   */
  store(accounts: readonly ImportedAccount[], by: By): Promise<(Obstacle | null)[]>
  /** The same check, without storing anything. */
  tryOut(accounts: readonly ImportedAccount[]): Promise<(Obstacle | null)[]>
}

export function accountImports(db: Kysely<Tables>): AccountImports {
  const obstacles = async (on: Kysely<Tables>, accounts: readonly ImportedAccount[]) => {
    const rows = await on
      .selectFrom('accounts')
      .select(['id', 'email'])
      .where(({ or, eb }) =>
        or([
          eb(
            'email',
            'in',
            accounts.map(({ email }) => email)
          ),
          eb(
            'id',
            'in',
            accounts.map(({ id }) => id)
          )
        ])
      )
      .execute()
    const owners = new Map(rows.map(({ id, email }) => [email, id]))
    const ids = new Set(rows.map(({ id }) => id))
    return { owners, ids }
  }

  return {
    async store(accounts, { source, clock }) {
      if (accounts.length === 0) return []
      return await db.transaction().execute(async (transaction) => {
        const stored = await transaction
          .insertInto('accounts')
          // Sorted, because two imports of the same users would otherwise wait for each other's
          // rows (PostgreSQL, deadlock_detected).
          .values(accounts.map(toRow).toSorted(byEmail))
          .onConflict((conflict) => conflict.doNothing())
          .returning('id')
          .execute()
        const left = new Set(stored.map(({ id }) => id))
        const events = stored.map(({ id }) => ({
          at_ms: clock(),
          kind: 'user-imported' as const,
          subject: id,
          sid: null,
          address: source.address,
          request_id: source.requestId,
          detail: '{}'
        }))
        if (events.length > 0) await transaction.insertInto('audit_events').values(events).execute()
        const { owners } = await obstacles(transaction, accounts)
        // The same id twice in one call is stored once.
        return accounts.map(({ id, email }) => {
          if (owners.get(email) === id && left.delete(id)) return null
          return owners.has(email) ? 'email' : 'id'
        })
      })
    },
    async tryOut(accounts) {
      if (accounts.length === 0) return []
      const { owners, ids } = await obstacles(db, accounts)
      return accounts.map(({ id, email }) => {
        if (owners.has(email)) return 'email'
        if (ids.has(id)) return 'id'
        owners.set(email, id)
        ids.add(id)
        return null
      })
    }
  }
}

const toRow = (account: ImportedAccount) => ({
  id: account.id,
  email: account.email,
  password_hash: account.passwordHash,
  password_version: 0,
  roles: JSON.stringify(account.roles),
  scope: account.scope.join(' '),
  claims: JSON.stringify(account.claims),
  created_at: account.createdAt,
  disabled_at: account.disabled ? account.createdAt : null,
  password_changed_at_ms: null,
  password_changed_by: null,
  password_change_request: null
})

const byEmail = (one: { readonly email: string }, other: { readonly email: string }): number =>
  one.email < other.email ? -1 : 1
