import type { Selectable } from 'kysely'
import { listOf } from '../database/statements/stored-list.ts'
import type { AccountTable } from '../database/tables.ts'
import type { Account, TokenAccount } from './account.ts'
import { type AssignedRights, providedIn, totalRights } from './provided-rights.ts'

export function toAccount(row: Selectable<AccountTable>): Account {
  return {
    ...toTokenAccount(row),
    assigned: assignedIn(row),
    provided: providedIn(row.provided, row.password_version),
    emailTyped: row.email_typed,
    passwordHash: row.password_hash,
    passwordVersion: row.password_version,
    createdAt: row.created_at,
    deleteAfter: row.delete_after,
    emailVerifiedAt: row.email_verified_at,
    factors: row.factors,
    factorVersion: row.factor_version,
    passwordChange: toPasswordChange(row)
  }
}

type TokenRow = Pick<
  Selectable<AccountTable>,
  | 'id'
  | 'email'
  | 'roles'
  | 'scope'
  | 'claims'
  | 'provided'
  | 'password_version'
  | 'disabled_at'
  | 'tokens_not_before'
  | 'rights_version'
>

const assignedIn = (row: Pick<TokenRow, 'roles' | 'claims'>): AssignedRights => ({
  roles: JSON.parse(row.roles),
  claims: JSON.parse(row.claims)
})

export const toTokenAccount = (row: TokenRow): TokenAccount => ({
  id: row.id,
  email: row.email,
  ...totalRights(assignedIn(row), providedIn(row.provided, row.password_version)),
  scope: listOf(row.scope),
  disabled: row.disabled_at !== null,
  tokensNotBefore: row.tokens_not_before,
  rightsVersion: row.rights_version
})

function toPasswordChange(row: Selectable<AccountTable>): Account['passwordChange'] {
  const {
    password_changed_at_ms: atMs,
    password_changed_by: sid,
    password_change_request: requestHash
  } = row
  return atMs === null || sid === null || requestHash === null ? null : { atMs, sid, requestHash }
}
