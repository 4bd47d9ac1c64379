import type { AccountClaims } from './account-claims.ts'

/** The rights of an account that come from one linked provider. */
export type ProvidedRights = {
  /** the id of the link */
  readonly identity: string
  /** the id of the provider, in the file of this installation */
  readonly provider: string
  /** with another version of the password, the link opens no session, and gives nothing */
  readonly passwordVersion: number
  readonly roles: readonly string[]
  readonly claims: AccountClaims
}

/** The rights that operators have set, or with which the account was created. */
export type AssignedRights = { readonly roles: readonly string[]; readonly claims: AccountClaims }

/**
 * The rights of an account. A claim that an operator has set takes precedence over one of a
 * provider. Of several providers, the first one takes precedence.
 */
export function totalRights(
  assigned: AssignedRights,
  provided: readonly ProvidedRights[]
): AssignedRights {
  if (provided.length === 0) return assigned
  const claims = provided.toReversed().map((one) => one.claims)
  return {
    roles: [...new Set([assigned, ...provided].flatMap(({ roles }) => roles))],
    claims: Object.assign({}, ...claims, assigned.claims)
  }
}

/** As a column has it; null: none. Only those that count with this version of the password. */
export function providedIn(stored: string | null, passwordVersion: number): ProvidedRights[] {
  if (stored === null) return []
  const provided: ProvidedRights[] = JSON.parse(stored)
  return provided.filter((one) => one.passwordVersion === passwordVersion)
}
