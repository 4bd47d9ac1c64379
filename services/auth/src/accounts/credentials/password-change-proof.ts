import { Refusal } from '@gatehouse/problem/refusal'
import type { Account } from '../account.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { CheckCredentials, Claim } from './check-credentials.ts'

/** The passwords that users send to change their password. */
export type PasswordPair = {
  readonly currentPassword: string
  readonly newPassword: string
}

/**
 * Returns the account that the current password proves; null if this change was already made.
 * @throws Refusal as `CheckCredentials`
 */
export type ProvePasswordChange = (
  claim: Claim,
  session: string,
  pair: PasswordPair
) => Promise<Account | null>

/** how long a repeated change of the password is recognised as a repetition */
const REPEAT_MS = 600_000

/** Both passwords as one text, which is different for any other pair. */
export const bothPasswords = ({ currentPassword, newPassword }: PasswordPair): string =>
  JSON.stringify([currentPassword, newPassword])

export function passwordChangeProof(options: {
  passwords: Passwords
  checkCredentials: CheckCredentials
  clock: () => number
}): ProvePasswordChange {
  const { passwords, checkCredentials, clock } = options

  /**
   * The change was made, but its response was lost or said "repeat later". So the old password is
   * no longer the current one. A repeat has both passwords of the change, in one hash: a thief of
   * the access token must not test guesses at the new password without the old one.
   */
  const isRepeat = async (account: Account, session: string, pair: PasswordPair) => {
    const { passwordChange } = account
    if (passwordChange === null || passwordChange.sid !== session) return false
    if (clock() - passwordChange.atMs > REPEAT_MS) return false
    return await passwords.inTurn((match) =>
      match({ passwordHash: passwordChange.requestHash }, bothPasswords(pair), [])
    )
  }

  return async (claim, session, pair) => {
    try {
      return (await checkCredentials({ ...claim, sid: session })).account
    } catch (error) {
      const isWrong = error instanceof Refusal && error.code === 'UNAUTHENTICATED'
      // Only after a guess that was due and is counted, because the response could reveal the new
      // password.
      if (isWrong && claim.account !== null) {
        if (await isRepeat(claim.account, session, pair)) return null
      }
      throw error
    }
  }
}
