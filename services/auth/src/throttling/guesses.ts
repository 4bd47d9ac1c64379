import { Refusal } from '@gatehouse/problem/refusal'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { GuessCounts, GuessStores } from './counts/guess-counts.ts'
import { privateDigest } from './private-digest.ts'
import { tooManyGuesses } from './throttling-refusals.ts'

/** The caller that tries a password, and for which account. */
export type Caller = {
  /** the canonical e-mail address of the account, which may not exist */
  readonly email: string
  /** the caller's network: an IPv4 address, or an IPv6 /64 */
  readonly network: string
  /** a browser that has signed in to this account before; null if it is not known */
  readonly device: string | null
  /** the password that the account has now, as `credentialOf` names it; null: no account */
  readonly credential: string | null
}

/**
 * Names a password of an account. A caller is known only as long as the account has the password
 * with which it signed in: someone who knew an earlier one is a stranger.
 */
export const credentialOf = ({ id, passwordVersion }: Credential): string =>
  `${id} ${passwordVersion}`
type Credential = { readonly id: string; readonly passwordVersion: number }

/**
 * Slows password guessing per account. A caller that the account knows (by a device cookie, or by a
 * network from which its owner has signed in) is counted separately, so strangers cannot lock the
 * owner out there. On a new device in a new network, the owner counts as a stranger, and waits like
 * one.
 * @throws Refusal UNAVAILABLE by every method, when the store does not answer
 */
export type Guesses = {
  by(caller: Caller): Promise<CallersGuesses>
  /** The account has a new password, so guesses of strangers at the old one no longer count. */
  forgetStrangers(email: string): Promise<void>
  /** The caller has set the password, so its network is known with the new one. */
  remember(caller: Caller): Promise<void>
}

export type CallersGuesses = {
  /** whether the account has signed in with this device, or from this network, before */
  readonly isKnown: boolean
  /** @throws Refusal RATE_LIMITED while the next guess is not due. Counts nothing. */
  refuseEarly(): Promise<void>
  /**
   * Counts a guess as a failure before the password is checked. Of several simultaneous guesses,
   * only those that are due continue.
   * @throws Refusal RATE_LIMITED if it is not due; then nothing is counted
   */
  take(): Promise<void>
  /** The counted guess was not checked. */
  giveBack(): Promise<void>
  /**
   * Compares a counted guess, and gives it back if a Refusal prevents that.
   * @throws what `compare` throws
   */
  comparing<Result>(compare: () => Promise<Result>): Promise<Result>
  /**
   * The counted guess was right. The earlier failures of a known caller are forgotten too.
   * @param isDone whether it completes a login, so that the network of the caller is known from now
   * on; default: true. A password that a second factor must follow makes no network known.
   */
  succeeded(isDone?: boolean): Promise<void>
}

export function guesses(stores: GuessStores, ring: KeyRing): Guesses {
  const { strangers, known, networks } = stores
  const digest = privateDigest(ring)
  const accountOf = (email: string) => digest(`account\0${email}`)
  const networkOf = ({ email, network, credential }: Caller) =>
    digest(`network\0${email}\0${credential}\0${network}`)
  /** Under which key a known caller is counted; null for a stranger. */
  const keyOfKnown = async ({ email, device }: Caller, account: Buffer, network: Buffer) => {
    if (device !== null) return digest(`device\0${email}\0${device}`)
    return (await networks.has(account, network)) ? network : null
  }

  return {
    forgetStrangers: (email) => strangers.forget(accountOf(email)),
    remember: (caller) => networks.add(accountOf(caller.email), networkOf(caller)),
    async by(caller) {
      const account = accountOf(caller.email)
      const network = networkOf(caller)
      const key = await keyOfKnown(caller, account, network)
      if (key !== null) {
        const own = counted(known, key, async (isDone = true) => {
          await known.forget(key)
          if (isDone) await networks.add(account, network)
        })
        return { ...own, isKnown: true }
      }
      const own = counted(strangers, account, async (isDone = true) => {
        // Failures of others remain: a login of the owner must not give a guesser more guesses.
        await strangers.giveBack(account)
        if (isDone) await networks.add(account, network)
      })
      return { ...own, isKnown: false }
    }
  }
}

function counted(
  counts: GuessCounts,
  key: Buffer,
  succeeded: CallersGuesses['succeeded']
): Omit<CallersGuesses, 'isKnown'> {
  const refuse = (seconds: number): void => {
    if (seconds > 0) throw tooManyGuesses(seconds)
  }
  return {
    refuseEarly: async () => refuse(await counts.wait(key)),
    take: async () => refuse(await counts.take(key)),
    giveBack: () => counts.giveBack(key),
    async comparing(compare) {
      try {
        return await compare()
      } catch (error) {
        if (error instanceof Refusal) await counts.giveBack(key)
        throw error
      }
    },
    succeeded
  }
}
