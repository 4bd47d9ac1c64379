import type { Kysely, Transaction } from 'kysely'
import type { By } from '../../audit/audit-event.ts'
import { writeAudits } from '../../audit/audit-log.ts'
import { storedList } from '../../database/statements/stored-list.ts'
import type { Tables } from '../../database/tables.ts'
import { reservedAmong } from '../../link-tokens/undo-links.ts'
import type { ImportedAccount } from './imported-account.ts'

/**
 * Why an account cannot be stored: another one has its e-mail address or may take it back, or has
 * its id.
 */
export type Obstacle = 'email' | 'id'

export type AccountImports = {
  /**
   * Stores those accounts whose e-mail address and id are free, each with its audit event, in one
   * transaction. The others stay as they are, so an import can be repeated.
   * @returns an obstacle for each account, in the same order; null: it was stored
   */
  store(accounts: readonly ImportedAccount[], by: By): Promise<(Obstacle | null)[]>
  /** The same check, without storing anything. */
  tryOut(accounts: readonly ImportedAccount[], nowMs: number): Promise<(Obstacle | null)[]>
}

export function accountImports(db: Kysely<Tables>): AccountImports {
  return {
    async store(accounts, by) {
      if (accounts.length === 0) return []
      return await db
        .transaction()
        .execute((transaction) => storeAccounts(transaction, accounts, by))
    },
    async tryOut(accounts, nowMs) {
      if (accounts.length === 0) return []
      const reserved = await reservedAmong(db, accounts, nowMs)
      return obstaclesFor(accounts, await takenBy(db, accounts), reserved)
    }
  }
}

async function storeAccounts(
  transaction: Transaction<Tables>,
  accounts: readonly ImportedAccount[],
  by: By
): Promise<(Obstacle | null)[]> {
  const inserted = await insertFree(transaction, accounts)
  // The insert may have waited for an account that leaves its address, and reserves it.
  const reserved = await reservedAmong(transaction, accounts, by.clock())
  const isReserved = ({ id, email }: Inserted): boolean =>
    [...reserved].some((one) => one.id === id && one.email === email)
  await remove(transaction, inserted.filter(isReserved))
  const stored = inserted.filter((one) => !isReserved(one)).map(({ id }) => id)
  await writeEvents(transaction, stored, by)
  const { owners } = await takenBy(transaction, accounts)
  const left = new Set(stored)
  // The same id twice in one call is stored once.
  return accounts.map((account) => {
    const { id, email } = account
    if (owners.get(email) === id && left.delete(id)) return null
    return owners.has(email) || reserved.has(account) ? 'email' : 'id'
  })
}

type Inserted = Pick<ImportedAccount, 'id' | 'email'>

/** Returns those that were inserted. */
async function insertFree(
  transaction: Transaction<Tables>,
  accounts: readonly ImportedAccount[]
): Promise<Inserted[]> {
  return await transaction
    .insertInto('accounts')
    // Sorted, because two imports of the same users would otherwise wait for each other's
    // rows (PostgreSQL, deadlock_detected).
    .values(accounts.map(toRow).toSorted(byEmail))
    .onConflict((conflict) => conflict.doNothing())
    .returning(['id', 'email'])
    .execute()
}

async function remove(transaction: Kysely<Tables>, accounts: readonly Inserted[]): Promise<void> {
  if (accounts.length === 0) return
  const ids = accounts.map(({ id }) => id)
  await transaction.deleteFrom('accounts').where('id', 'in', ids).execute()
}

function writeEvents(
  transaction: Transaction<Tables>,
  ids: readonly string[],
  { source, clock }: By
): Promise<void> {
  const events = ids.map((id) => ({
    event: { kind: 'user-imported', subject: id, sid: null, source } as const,
    atMs: clock()
  }))
  return writeAudits(transaction, events)
}

/** The e-mail addresses and ids of stored accounts that one of these has too. */
type Taken = { readonly owners: Map<string, string>; readonly ids: Set<string> }

async function takenBy(on: Kysely<Tables>, accounts: readonly ImportedAccount[]): Promise<Taken> {
  const emails = accounts.map(({ email }) => email)
  const ids = accounts.map(({ id }) => id)
  const rows = await on
    .selectFrom('accounts')
    .select(['id', 'email'])
    .where(({ or, eb }) => or([eb('email', 'in', emails), eb('id', 'in', ids)]))
    .execute()
  return {
    owners: new Map(rows.map(({ id, email }) => [email, id])),
    ids: new Set(rows.map(({ id }) => id))
  }
}

/** Each account takes its own address and id from those that follow. */
function obstaclesFor(
  accounts: readonly ImportedAccount[],
  { owners, ids }: Taken,
  reserved: ReadonlySet<ImportedAccount>
): (Obstacle | null)[] {
  return accounts.map((account) => {
    const { id, email } = account
    if (owners.has(email) || reserved.has(account)) return 'email'
    if (ids.has(id)) return 'id'
    owners.set(email, id)
    ids.add(id)
    return null
  })
}

const toRow = (account: ImportedAccount) => ({
  id: account.id,
  email: account.email,
  email_typed: account.emailTyped,
  password_hash: account.passwordHash,
  password_version: 0,
  roles: JSON.stringify(account.roles),
  scope: storedList(account.scope),
  claims: JSON.stringify(account.claims),
  created_at: account.createdAt,
  disabled_at: account.disabled ? account.createdAt : null,
  email_verified_at: null,
  password_changed_at_ms: null,
  password_changed_by: null,
  password_change_request: null
})

const byEmail = (one: { readonly email: string }, other: { readonly email: string }): number =>
  one.email < other.email ? -1 : 1
