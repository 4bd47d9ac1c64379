import { keysUnknown } from '../refusals.ts'
import type { SigningKey } from './signing-key.ts'
import type { SigningKeyStore } from './signing-key-store.ts'

/** The signing keys as this process holds them. */
export type LiveSigningKeys = {
  /** what is published, as it was last read: standby, active, retiring */
  held(): readonly SigningKey[]
  /**
   * The key that signs now.
   * @throws Refusal UNAVAILABLE where the keys have not been read for so long that it may have been withdrawn
   */
  active(): SigningKey
  /** Reads them by a read that begins after the call. @throws where the database does not answer; what is held stays */
  read(): Promise<readonly SigningKey[]>
  close(): Promise<void>
}

export type LiveSigningKeysOptions = {
  readonly store: Pick<SigningKeyStore, 'live' | 'noteTokenLife'>
  /** Makes ready to sign with any of these besides; what it gives back forgets all others. */
  readonly prepare: (keys: readonly SigningKey[]) => Promise<() => void>
  /** how long access tokens live that this process issues */
  readonly lifetimeSeconds: number
  readonly clock: () => number
  /** how long it signs with what it read last */
  readonly leaseMs?: number
}

/**
 * A process that has not heard of a rotation signs with the key of before, which is published for a while longer: by so much
 * less than the clock skew that its last token is out when the key is withdrawn.
 */
const LEASE_MS = 20_000

/** @throws where the database does not answer, or no key is active */
export async function liveSigningKeys(options: LiveSigningKeysOptions): Promise<LiveSigningKeys> {
  const { store, prepare, lifetimeSeconds, clock, leaseMs = LEASE_MS } = options
  let held: readonly SigningKey[] = []
  let active: SigningKey | undefined
  let notedKid: string | undefined
  let readMs = Number.NEGATIVE_INFINITY
  let lastFault: unknown
  let underWay: Promise<void> | null = null
  let following: Promise<void> | null = null

  const readOnce = async (): Promise<void> => {
    const begunMs = clock()
    const keys = await store.live()
    const signing = activeOf(keys)
    // Before the first token that lives so long is signed with it.
    if (signing.kid !== notedKid) {
      if (!(await store.noteTokenLife(signing.kid, lifetimeSeconds))) return readOnce()
      notedKid = signing.kid
    }
    if (hasChanged(held, keys)) {
      const forgetOthers = await prepare(keys)
      // In one breath: no token is asked for in between.
      held = keys
      active = signing
      forgetOthers()
    }
    readMs = begunMs
  }
  const begin = (): Promise<void> => {
    underWay = readOnce()
      .catch((error) => {
        lastFault = error
        throw error
      })
      .finally(() => {
        underWay = null
      })
    return underWay
  }
  /** One read at a time, however many ask; who asks during one waits for the next, because this one may have missed it. */
  const read = (): Promise<void> => {
    if (underWay === null) return begin()
    following ??= underWay
      .catch(() => {})
      .then(() => {
        following = null
        return begin()
      })
    return following
  }

  await read()
  return {
    held: () => held,
    active() {
      if (active === undefined || clock() - readMs > leaseMs) throw keysUnknown(lastFault)
      return active
    },
    async read() {
      await read()
      return held
    },
    async close() {
      await Promise.allSettled([underWay, following])
    }
  }
}

function activeOf(keys: readonly SigningKey[]): SigningKey {
  const active = keys.find(({ state }) => state === 'active')
  if (active === undefined) throw new Error('no signing key is active')
  return active
}

const hasChanged = (before: readonly SigningKey[], after: readonly SigningKey[]): boolean =>
  before.length !== after.length ||
  before.some(({ kid, state }, index) => {
    const other = after[index]
    return other?.kid !== kid || other.state !== state
  })
