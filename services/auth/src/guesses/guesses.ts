import { waitMs } from './back-off.ts'
import type { GuessCounts } from './guess-counts.ts'

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
 * Slows the guessing of passwords down, an account at a time. Whoever is known to the account (by a device cookie, or by a
 * network from which its owner has signed in) is counted apart, so that strangers cannot lock the owner out.
 * @throws Refusal UNAVAILABLE by every method, when the store is out of reach
 */
export type Guesses = {
  /** In how many seconds the next guess is looked at; null: now. */
  wait(caller: Caller): Promise<number | null>
  failed(caller: Caller): Promise<void>
  succeeded(caller: Caller): Promise<void>
}

export type GuessNeeds = {
  counts: GuessCounts
  /** makes a key of an e-mail address that does not tell it */
  digest: (text: string) => string
  clock: () => number
}

export function guesses({ counts, digest, clock }: GuessNeeds): Guesses {
  const place = ({ email, network }: Caller) => digest(`network\0${email}\0${network}`)
  /** What the caller's failures are counted under. */
  const bucket = async (caller: Caller): Promise<string> => {
    if (caller.device !== null) return digest(`device\0${caller.email}\0${caller.device}`)
    const known = place(caller)
    return (await counts.isKnown(known)) ? known : digest(`account\0${caller.email}`)
  }
  return {
    async wait(caller) {
      const count = await counts.read(await bucket(caller))
      const leftMs = count === null ? 0 : count.lastMs + waitMs(count.failures) - clock()
      return leftMs > 0 ? Math.ceil(leftMs / 1000) : null
    },
    async failed(caller) {
      await counts.add(await bucket(caller), clock())
    },
    async succeeded(caller) {
      await counts.reset(await bucket(caller))
      await counts.know(place(caller))
    }
  }
}
