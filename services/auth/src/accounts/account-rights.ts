import { MOST_WORDS } from '@gatehouse/access-token/word-form'
import type { Account } from './account.ts'
import { claimsFault } from './account-claims.ts'
import { identityFault } from './identity-fault.ts'
import { type AssignedRights, type ProvidedRights, totalRights } from './provided-rights.ts'

/** The account with other rights that operators set. */
export function withAssigned(account: Account, rights: Partial<AssignedRights>): Account {
  const assigned = { ...account.assigned, ...rights }
  return { ...account, assigned, ...totalRights(assigned, account.provided) }
}

/** The account with other rights of linked providers. */
export const withProvided = (account: Account, provided: readonly ProvidedRights[]): Account => ({
  ...account,
  provided,
  ...totalRights(account.assigned, provided)
})

/** Why an account cannot have all its rights, in tokens and in the headers of requests. */
export function rightsFault(account: Account): string | null {
  if (account.roles.length > MOST_WORDS) return `must not make more than ${MOST_WORDS} roles`
  return claimsFault(account.claims) ?? identityFault(account)
}
