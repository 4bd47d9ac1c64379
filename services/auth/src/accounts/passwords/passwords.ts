import { hash } from '@node-rs/argon2'
import type { HashQueue } from './hash-queue.ts'
import { normalised } from './hashes/argon2.ts'
import { decoyOf, isKnownCost, passwordCost, verifyHash } from './hashes/hash-kinds.ts'

/** The cost of an argon2id hash (RFC 9106 §3.1). */
export type HashCost = {
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
}

/**
 * Whether a password is the account's. It computes one hash at the current cost and one at each
 * other cost that some account has, whether or not the account exists and whatever its own cost.
 * Otherwise, after a change of the cost, the response time would show whether there is an account.
 * @param costs the costs of all accounts, as `passwordCost` reads them
 */
type MatchPassword = (
  account: { readonly passwordHash: string } | null,
  password: string,
  costs: readonly string[]
) => Promise<boolean>

type Verify = (passwordHash: string, password: string) => Promise<boolean>

export type Passwords = {
  /** @throws Refusal UNAVAILABLE if too many wait, as `inTurn` does */
  hash(password: string): Promise<string>
  /**
   * Waits for the turn of a hash. `work` then checks a password, and does everything that must
   * happen directly before and after the check.
   */
  inTurn<Result>(work: (match: MatchPassword) => Promise<Result>): Promise<Result>
  /** Whether a hash is cheaper than a new one would be. */
  isOutdated(passwordHash: string): boolean
}

/**
 * Hashes passwords with argon2id, in PHC form, through the queue. It also verifies hashes of other
 * systems, which always count as outdated.
 */
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
