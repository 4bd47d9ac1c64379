import { hash } from '@node-rs/argon2'
import type { HashQueue } from './hash-queue.ts'
import { normalised } from './hashes/argon2.ts'
import { decoyOf, isKnownCost, passwordCost, verifyHash } from './hashes/hash-kinds.ts'

/** What an argon2id hash costs (RFC 9106 §3.1). */
export type HashCost = {
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
}

/**
 * Whether a password is the account's. It costs one hash at the cost of today and one at each other cost that an account has,
 * whether there is an account and whatever its own hash cost: the time would tell otherwise, after the cost was changed.
 * @param costs the costs that accounts have, as `passwordCost` reads them
 */
export type MatchPassword = (
  account: { readonly passwordHash: string } | null,
  password: string,
  costs: readonly string[]
) => Promise<boolean>

type Verify = (passwordHash: string, password: string) => Promise<boolean>

export type Passwords = {
  /** @throws Refusal UNAVAILABLE, as by `inTurn`, where too many wait for their turn */
  hash(password: string): Promise<string>
  /** Waits for the turn of a hash; then `work` checks a password, and does what must be done right before and after it. */
  inTurn<Result>(work: (match: MatchPassword) => Promise<Result>): Promise<Result>
  /** Whether a hash cost less than one that is made now. */
  isOutdated(passwordHash: string): boolean
}

/** argon2id, in PHC form, behind the queue. Hashes of other systems are verified too, and outdated. */
export function passwords(
  cost: HashCost,
  queue: HashQueue,
  verify: Verify = verifyHash
): Passwords {
  const options = { memoryCost: cost.memoryKib, timeCost: cost.passes, parallelism: cost.lanes }
  const today = prefixOf(cost)
  const match: MatchPassword = async (account, password, costs) => {
    const own = account === null ? null : passwordCost(account.passwordHash)
    const all = [...costs, ...(own === null ? [] : [own])].filter(isKnownCost)
    let matches = false
    for (const one of new Set([today, ...all])) {
      const isOwn = account !== null && one === own
      const verified = await verify(isOwn ? account.passwordHash : decoyOf(one), password)
      if (isOwn) matches = verified
    }
    return matches
  }
  return {
    hash: (password) => queue(() => hash(normalised(password), options)),
    inTurn: (work) => queue(() => work(match)),
    isOutdated(passwordHash) {
      const was = costOf(passwordHash)
      return was === null || was.memoryKib < cost.memoryKib || was.passes < cost.passes
    }
  }
}

const PREFIX = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)$/

const prefixOf = ({ memoryKib, passes, lanes }: HashCost): string =>
  `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}`

function costOf(passwordHash: string): HashCost | null {
  const [, memoryKib, passes, lanes] = PREFIX.exec(passwordCost(passwordHash)) ?? []
  if (lanes === undefined) return null
  return { memoryKib: Number(memoryKib), passes: Number(passes), lanes: Number(lanes) }
}
