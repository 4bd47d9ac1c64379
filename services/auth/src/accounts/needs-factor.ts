import type { Account } from './account.ts'

/** Which second factors accounts can and must have (AUTH_SECOND_FACTOR). */
export type FactorPolicy = 'off' | 'optional' | 'required'

/**
 * Whether the password of an account is not enough for a login. Factors are asked for under every
 * policy: no setting makes the password of an account with factors enough.
 */
export const needsFactor = ({ factors }: Pick<Account, 'factors'>, policy: FactorPolicy): boolean =>
  factors > 0 || policy === 'required'
