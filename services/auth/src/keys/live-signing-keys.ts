import { keysUnknown } from './key-refusals.ts'
import type { SigningKey } from './signing-key.ts'
import type { SigningKeyStore } from './signing-key-store.ts'

/** The signing keys that this process has read. */
export type LiveSigningKeys = {
  /** the published keys, as last read: standby, active, retiring */
  held(): readonly SigningKey[]
  /** the time since they were read, in milliseconds */
  ageMs(): number
  /**
   * The active key.
   * @throws Refusal UNAVAILABLE if the keys have not been read for so long that it may have been
   * withdrawn
   */
  active(): SigningKey
  /**
   * Reads the keys, with a read that begins after the call.
   * @throws if the database does not answer; the previous keys stay
   */
  read(): Promise<readonly SigningKey[]>
  close(): Promise<void>
}

/**
 * Prepares signers for these keys as well. Returns a function that removes the signers of all other
 * keys.
 */
export type PrepareSigners = (keys: readonly SigningKey[]) => Promise<() => void>

type LiveSigningKeysOptions = {
  readonly store: Pick<SigningKeyStore, 'live' | 'noteTokenLife'>
  readonly prepare: PrepareSigners
  /** the lifetime of the access tokens that this process issues */
  readonly lifetimeSeconds: number
  readonly clock: () => number
  /** how long it signs with the keys that it read last */
  readonly leaseMs?: number
}

/**
 * A process that has not learned of a rotation signs with the previous key, which is published for
 * a while longer. This time is shorter than the clock difference that the key's withdrawal allows
 * for, so the last token of the key has expired by then.
 */
const LEASE_MS = 20_000

/** @throws if the database does not answer, or no key is active */
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
    // Noted before the key signs the first token of this lifetime.
    if (signing.kid !== notedKid) {
      if (!(await store.noteTokenLife(signing.kid, lifetimeSeconds))) return readOnce()
      notedKid = signing.kid
    }
    if (hasChanged(held, keys)) {
      const forgetOthers = await prepare(keys)
      // Both in the same turn of the event loop, so that no token is issued in between.
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
  /**
   * One read at a time. A call during a read waits for the next one, because the current one may
   * have missed a change.
   */
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
    ageMs: () => clock() - readMs,
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
