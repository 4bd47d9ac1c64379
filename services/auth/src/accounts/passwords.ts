import { hash, verify } from '@node-rs/argon2'
import type { HashQueue } from './hash-queue.ts'

/** What an argon2id hash costs (RFC 9106 §3.1). */
export type HashCost = {
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
}

/** Whether a password is the account's; the same work, and false, where there is no account. */
export type MatchPassword = (
  account: { readonly passwordHash: string } | null,
  password: string
) => Promise<boolean>

export type Passwords = {
  /** @throws Refusal UNAVAILABLE, as by `inTurn`, where too many wait for their turn */
  hash(password: string): Promise<string>
  /** Waits for the turn of a hash; then `work` checks a password, and does what must be done right before and after it. */
  inTurn<Result>(work: (match: MatchPassword) => Promise<Result>): Promise<Result>
  /** Whether a hash cost less than one that is made now. */
  isOutdated(passwordHash: string): boolean
}

/** argon2id, in PHC form, behind the queue. */
export function passwords(cost: HashCost, queue: HashQueue): Passwords {
  const options = { memoryCost: cost.memoryKib, timeCost: cost.passes, parallelism: cost.lanes }
  /** What an unknown e-mail's password is compared with, so that it costs what a known one's does. */
  const decoy = hash('no account has this password', options)
  const match: MatchPassword = async (account, password) => {
    const matches = await verify(account?.passwordHash ?? (await decoy), normalised(password))
    return matches && account !== null
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

const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$/

function costOf(passwordHash: string): HashCost | null {
  const [, memoryKib, passes, lanes] = PHC.exec(passwordHash) ?? []
  if (lanes === undefined) return null
  return { memoryKib: Number(memoryKib), passes: Number(passes), lanes: Number(lanes) }
}

/** The same password typed on two keyboards is the same password (NIST SP 800-63B §3.1.1.2, RFC 8265 §4.2). */
function normalised(password: string): string {
  return password.normalize('NFKC')
}
