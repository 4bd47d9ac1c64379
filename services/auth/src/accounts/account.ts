import type { AccountClaims } from './account-claims.ts'
import type { AssignedRights, ProvidedRights } from './provided-rights.ts'

/** A person who can sign in. */
export type Account = {
  /** a UUID: the `sub` of the account's tokens */
  readonly id: string
  /** as `canonicalEmail` returns it */
  readonly email: string
  /** as its owner, or an operator, typed it: letters go there; null: not known */
  readonly emailTyped: string | null
  /**
   * argon2id in PHC form; until the first login, the hash of another system; empty if there is no
   * password
   */
  readonly passwordHash: string
  /** how often the password was changed */
  readonly passwordVersion: number
  /** all of them: of operators and of linked providers */
  readonly roles: readonly string[]
  readonly scope: readonly string[]
  /** all of them, as the roles */
  readonly claims: AccountClaims
  readonly assigned: AssignedRights
  /** in the order of the file of providers; only of links that open sessions */
  readonly provided: readonly ProvidedRights[]
  /** seconds since 1970 */
  readonly createdAt: number
  readonly disabled: boolean
  /** from when on it is deleted, as its user asked, in seconds since 1970; null: it stays */
  readonly deleteAfter: number | null
  /** when the owner of the address has proven it, in seconds since 1970; null: not yet */
  readonly emailVerifiedAt: number | null
  /** tokens with an earlier `iat` are stale; in seconds since 1970 */
  readonly tokensNotBefore: number
  /** how often its rights have changed; the `rights_version` of its next token */
  readonly rightsVersion: number
  /** how many second factors it has; without any, the password alone opens a session */
  readonly factors: number
  /** how often its second factors were added or removed */
  readonly factorVersion: number
  /**
   * when its user last changed the password (milliseconds since 1970), in which session, and a
   * password hash of the request; null: never
   */
  readonly passwordChange: {
    readonly atMs: number
    readonly sid: string
    readonly requestHash: string
  } | null
}

/** The part of an account that its access tokens need. */
export type TokenAccount = Pick<
  Account,
  'id' | 'email' | 'roles' | 'scope' | 'claims' | 'disabled' | 'tokensNotBefore' | 'rightsVersion'
>

/** The members of an account that its owner may see. */
export function publicAccount({ id, email, roles }: Account) {
  return { id, email, roles: [...roles] }
}
