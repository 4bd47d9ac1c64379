import { hash, verify } from '@node-rs/argon2'
import type { HashQueue } from './hash-queue.ts'

/** What an argon2id hash costs (RFC 9106 §3.1). */
export type HashCost = {
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
}

export type Passwords = {
  /** @throws Refusal UNAVAILABLE, as every method, where too many wait for theirs */
  hash(password: string): Promise<string>
  /** Whether it is the account's; the same work, and false, where there is no account. */
  match(account: { readonly passwordHash: string } | null, password: string): Promise<boolean>
  /** Whether a hash cost less than one that is made now. */
  isOutdated(passwordHash: string): boolean
}

/** argon2id, in PHC form, behind the queue. */
export function passwords(cost: HashCost, queue: HashQueue): Passwords {
  const options = { memoryCost: cost.memoryKib, timeCost: cost.passes, parallelism: cost.lanes }
  /** What an unknown e-mail's password is compared with, so that it costs what a known one's does. */
  const decoy = hash('no account has this password', options)
  return {
    hash: (password) => queue(() => hash(normalised(password), options)),
    async match(account, password) {
      const passwordHash = account?.passwordHash ?? (await decoy)
      const matches = await queue(() => verify(passwordHash, normalised(password)))
      return matches && account !== null
    },
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
