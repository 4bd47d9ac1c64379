import { tooManyGuesses } from '../refusals.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { GuessCounts, GuessStores } from './guess-counts.ts'
import { privateDigest } from './private-digest.ts'

/** Who tries a password, and for whom. */
export type Caller = {
  /** the account that is tried, by its canonical e-mail address, whether there is one or not */
  readonly email: string
  /** where the caller is: an address, or a network that is one customer's */
  readonly network: string
  /** a browser from which somebody has signed in to this account before; null where that is not known */
  readonly device: string | null
}

/**
 * Slows the guessing of passwords, an account at a time. A caller that is known to the account (by a device cookie, or by a
 * network from which its owner has signed in) is counted apart, so that strangers cannot lock the owner out there. On a new device
 * in a new network the owner is a stranger as well, and waits as they do.
 * @throws Refusal UNAVAILABLE by every method, when the store does not answer
 */
export type Guesses = {
  by(caller: Caller): Promise<CallersGuesses>
  /** The account has a new password: what strangers guessed of the old one is no reason to wait. */
  forgetStrangers(email: string): Promise<void>
}

export type CallersGuesses = {
  /** @throws Refusal RATE_LIMITED while the next guess is not due. Counts nothing. */
  refuseEarly(): Promise<void>
  /**
   * Counts a guess as a failure before it is looked at. Of many at once only as many go on as are due.
   * @throws Refusal RATE_LIMITED where it is not due; then nothing is counted
   */
  take(): Promise<void>
  /** The guess that was taken was not looked at. */
  giveBack(): Promise<void>
  /** The guess that was taken is no failure; a known caller's earlier failures are forgotten too. */
  succeeded(): Promise<void>
}

export function guesses(stores: GuessStores, ring: KeyRing): Guesses {
  const { strangers, known, networks } = stores
  const digest = privateDigest(ring)
  const accountOf = (email: string) => digest(`account\0${email}`)
  return {
    forgetStrangers: (email) => strangers.forget(accountOf(email)),
    async by({ email, network, device }) {
      const account = accountOf(email)
      const place = digest(`network\0${email}\0${network}`)
      const remember = () => networks.add(account, place)
      if (device !== null) {
        const key = digest(`device\0${email}\0${device}`)
        return counted(known, key, async () => {
          await known.forget(key)
          await remember()
        })
      }
      if (await networks.has(account, place)) {
        return counted(known, place, async () => {
          await known.forget(place)
          await remember()
        })
      }
      // Failures of others stay: an owner who signs in must not give a guesser more guesses.
      return counted(strangers, account, async () => {
        await strangers.giveBack(account)
        await remember()
      })
    }
  }
}

function counted(counts: GuessCounts, key: Buffer, succeeded: () => Promise<void>): CallersGuesses {
  const refuse = (seconds: number): void => {
    if (seconds > 0) throw tooManyGuesses(seconds)
  }
  return {
    refuseEarly: async () => refuse(await counts.wait(key)),
    take: async () => refuse(await counts.take(key)),
    giveBack: () => counts.giveBack(key),
    succeeded
  }
}
