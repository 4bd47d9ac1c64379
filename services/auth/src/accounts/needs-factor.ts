import { words } from '@gatehouse/settings/words'
import type { Account } from './account.ts'
import type { AccountConfig } from './account-settings.ts'

/** Which second factors accounts can and must have. */
export type FactorPolicy = {
  readonly mode: 'off' | 'optional' | 'required'
  /** users with one of these roles must have a factor */
  readonly roles: readonly string[]
}

export const factorPolicyOf = (
  config: Pick<AccountConfig, 'AUTH_SECOND_FACTOR' | 'AUTH_SECOND_FACTOR_ROLES'>
): FactorPolicy => ({
  mode: config.AUTH_SECOND_FACTOR,
  roles: words(config.AUTH_SECOND_FACTOR_ROLES)
})

/** Whether the policy demands a factor of an account. */
export const mustHaveFactor = (
  { roles }: Pick<Account, 'roles'>,
  { mode, roles: demanding }: FactorPolicy
): boolean => mode === 'required' || roles.some((role) => demanding.includes(role))

/**
 * Whether the password of an account is not enough for a login. Every policy asks for the factors
 * of an account that has some: with factors, the password alone is never enough.
 */
export const needsFactor = (
  account: Pick<Account, 'factors' | 'roles'>,
  policy: FactorPolicy
): boolean => account.factors > 0 || mustHaveFactor(account, policy)
