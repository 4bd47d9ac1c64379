import { LONGEST_EMAIL } from '../../accounts/email-addresses/email.ts'
import type { MappedRights } from '../mapping/mapped-rights.ts'
import { isPlainText } from '../plain-text.ts'

/** A user of a provider, as the provider says: in its ID token and user info, or by its API. */
export type ProviderIdentity = {
  readonly issuer: string
  readonly subject: string
  /** as the provider has it; null: it does not say */
  readonly email: string | null
  /** whether the provider says that its user has proven the address */
  readonly emailVerified: boolean
  /** the user has authenticated there since this login began, because it asked for that */
  readonly reauthenticated?: boolean
  /**
   * when its user has authenticated there, in seconds since 1970; 0: it should say, and does not;
   * absent: it cannot say
   */
  readonly authenticatedAt?: number
  /** by the mapping in the file; absent: an earlier version received the login */
  readonly rights?: MappedRights
}

type Claims = Readonly<Record<string, unknown>>

/**
 * The address in claims (OpenID Connect Core §5.1); none if nobody could have it. Some providers
 * write `"true"`; any other text is not true.
 */
export function addressIn({ email, email_verified: verified }: Claims) {
  const address = typeof email === 'string' && isPlainText(email, LONGEST_EMAIL) ? email : null
  return {
    email: address,
    emailVerified: address !== null && (verified === true || verified === 'true')
  }
}

/** What a mapping may read: of an address that is not verified, nothing. */
export function mappable(claims: Claims, { email, emailVerified }: ReturnType<typeof addressIn>) {
  const { email: _email, email_verified: _verified, ...others } = claims
  return emailVerified ? { ...others, email, email_verified: true } : others
}

/** Whether claims have one of the values that the operator requires. */
export const hasRequired = (
  claims: Claims,
  required: Readonly<Record<string, readonly string[]>>
): boolean =>
  Object.entries(required).every(([name, values]) =>
    [claims[name]].flat().some((value) => typeof value === 'string' && values.includes(value))
  )
