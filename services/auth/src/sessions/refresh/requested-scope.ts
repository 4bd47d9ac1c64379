import type { TokenAccount } from '../../accounts/account.ts'
import { grantedScope } from '../../tokens/access-token.ts'

/**
 * Whether a refresh asks for no more scope than its session has (RFC 6749 §6).
 * @param requested space-separated; undefined: all of it
 */
export const isWithin = (requested: string | undefined, scope: readonly string[]): boolean =>
  requested === undefined || requested.split(' ').every((one) => scope.includes(one))

/** The account, restricted to the requested scope. */
export function narrowed(account: TokenAccount, requested: string | undefined): TokenAccount {
  if (requested === undefined) return account
  return { ...account, scope: grantedScope(account.scope, requested) }
}
