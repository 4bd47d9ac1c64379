/** An account, and which of its passwords is the current one. */
export type GuessedAccount = { readonly id: string; readonly passwordVersion: number }

/**
 * Names the password at which a caller guesses. What is known of callers ends with the password:
 * someone who knew the last one must not be known at the next one.
 * @param account null: there is no account with the address
 */
export const passwordName = (account: GuessedAccount | null): string =>
  account === null ? 'none' : `${account.id} ${account.passwordVersion}`
