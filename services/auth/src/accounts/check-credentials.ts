import { Refusal } from '@gatehouse/problem/refusal'
import type { Origin } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Caller, CallersGuesses, Guesses } from '../guesses/guesses.ts'
import { wrongCredentials } from '../refusals.ts'
import { demandStoreTime } from '../store-time.ts'
import type { Account } from './account.ts'
import type { AccountStore } from './account-store.ts'
import type { Passwords } from './passwords.ts'
import { turns } from './turns.ts'

/** Somebody says who they are, and a password. */
export type Claim = {
  /** whom they say they are; null where there is no such account */
  readonly account: Account | null
  readonly password: string
  readonly caller: Caller
  readonly origin: Origin
}

/**
 * The account that a password proves. An unknown e-mail, a wrong password and a disabled account are the same work and the
 * same answer, also where accounts have hashes of several costs.
 * @throws Refusal UNAUTHENTICATED; RATE_LIMITED without looking at the password; UNAVAILABLE
 */
export type CheckCredentials = (claim: Claim) => Promise<Account>

/** of one account */
const MOST_WAITING = 128
/** Two calls of a store come before the hash, and four after it. */
const SHARE_AFTER = 2 / 3

export function credentialCheck(needs: {
  accounts: Pick<AccountStore, 'replacePasswordHash' | 'passwordCosts'>
  passwords: Passwords
  guesses: Guesses
  audit: AuditLog
}): CheckCredentials {
  const { accounts, passwords, guesses, audit } = needs

  /** A hash from cheaper times is made anew while the password is at hand; another time will do as well. */
  const renew = async (account: Account, password: string): Promise<void> => {
    if (!passwords.isOutdated(account.passwordHash)) return
    try {
      const passwordHash = await passwords.hash(password)
      await accounts.replacePasswordHash(account.id, account.passwordHash, passwordHash)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
    }
  }

  const turnOf = turns(MOST_WAITING)

  /**
   * The guess is counted when its account's turn has come and settled before the next one's, so that guesses that come together
   * are bounded like those that come one after the other, and right ones that come together do not slow each other. Only the
   * hash itself waits for a thread: a slow store must not hold the logins of other accounts up.
   */
  const isProven = async ({ account, password, caller }: Claim): Promise<boolean> => {
    const own = await guesses.by(caller)
    demandStoreTime(SHARE_AFTER)
    await own.refuseEarly()
    const costs = await accounts.passwordCosts()
    return await turnOf(caller.email, async () => {
      demandStoreTime(SHARE_AFTER)
      await own.take()
      const matches = await looked(own, () =>
        passwords.inTurn((match) => match(account, password, costs))
      )
      if (!matches || account === null || account.disabled) return false
      await own.succeeded()
      return true
    })
  }

  /** A guess is not counted if too many wait for a hash, so that its password was never compared. */
  const looked = async (own: CallersGuesses, look: () => Promise<boolean>): Promise<boolean> => {
    try {
      return await look()
    } catch (error) {
      if (error instanceof Refusal) await own.giveBack()
      throw error
    }
  }

  return async (claim) => {
    const { account, password, origin } = claim
    if (!(await isProven(claim)) || account === null) {
      await audit.write({ kind: 'login-failed', subject: account?.id ?? null, sid: null, origin })
      throw wrongCredentials()
    }
    await renew(account, password)
    return account
  }
}
