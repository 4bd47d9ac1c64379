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
}

type Claims = Readonly<Record<string, unknown>>

/** in characters: that of addresses that accounts can have */
const LONGEST_EMAIL = 254
const UNPRINTABLE = /\p{C}/u

/** Whether a text of a provider can be stored, and shown to people. */
export const isPlainText = (text: string, longest: number): boolean =>
  text !== '' && text.length <= longest && text.isWellFormed() && !UNPRINTABLE.test(text)

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

/** Whether claims have one of the values that the operator requires. */
export const hasRequired = (
  claims: Claims,
  required: Readonly<Record<string, readonly string[]>>
): boolean =>
  Object.entries(required).every(([name, values]) =>
    [claims[name]].flat().some((value) => typeof value === 'string' && values.includes(value))
  )
