import { randomBytes } from 'node:crypto'
import { hash, verify as verifyArgon2 } from '@node-rs/argon2'
import type { HashQueue } from './hash-queue.ts'

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

/** argon2id, in PHC form, behind the queue. */
export function passwords(
  cost: HashCost,
  queue: HashQueue,
  verify: Verify = verifyArgon2
): Passwords {
  const options = { memoryCost: cost.memoryKib, timeCost: cost.passes, parallelism: cost.lanes }
  const today = prefixOf(cost)
  const match: MatchPassword = async (account, password, costs) => {
    const text = normalised(password)
    const own = account === null ? null : passwordCost(account.passwordHash)
    let matches = false
    for (const one of new Set([today, ...costs.filter(isCost), ...(own === null ? [] : [own])])) {
      const isOwn = account !== null && one === own
      const verified = await verify(isOwn ? account.passwordHash : decoy(one), text)
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

/** What a hash cost: all of its PHC form but the salt and the hash. */
export const passwordCost = (passwordHash: string): string =>
  passwordHash.split('$').slice(0, -2).join('$')

const isCost = (prefix: string): boolean => PREFIX.test(prefix)

/** A hash at some cost that no password has: nobody made it of one. */
const decoy = (prefix: string): string =>
  `${prefix}$${unpadded(randomBytes(16))}$${unpadded(randomBytes(32))}`

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')

function costOf(passwordHash: string): HashCost | null {
  const [, memoryKib, passes, lanes] = PREFIX.exec(passwordCost(passwordHash)) ?? []
  if (lanes === undefined) return null
  return { memoryKib: Number(memoryKib), passes: Number(passes), lanes: Number(lanes) }
}

/** The same password typed on two keyboards is the same password (NIST SP 800-63B §3.1.1.2, RFC 8265 §4.2). */
function normalised(password: string): string {
  return password.normalize('NFKC')
}
