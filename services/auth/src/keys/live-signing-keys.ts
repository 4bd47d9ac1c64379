import { repeatedRound } from '../background/repeated-round.ts'
import { keysUnknown, keysUnreadable } from './key-refusals.ts'
import type { KeyWithdrawals } from './key-withdrawals.ts'
import type { SigningKey } from './signing-key.ts'
import type { SigningKeyStore } from './store/signing-key-store.ts'

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
   * Reads the keys if another instance has revoked one since they were read. If the mark of the
   * withdrawals cannot be read, the keys count as current: gateways cannot learn of a revocation
   * then.
   * @param mark the mark of the withdrawals, if it was read since the request arrived
   * @throws if the database does not answer
   */
  untilCurrent(mark?: string | null): Promise<void>
  /**
   * The published keys, without those that another instance has revoked before the call: as
   * gateways refuse tokens of those. It asks the store of sessions for the mark of the withdrawals.
   * @throws Refusal UNAVAILABLE if the keys cannot be read, and one may have been withdrawn
   */
  current(): Promise<readonly SigningKey[]>
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
  readonly withdrawals: Pick<KeyWithdrawals, 'mark'>
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

type Held = {
  readonly keys: readonly SigningKey[]
  readonly active: SigningKey | null
  /** when the read of these keys began */
  readonly readMs: number
  /** the mark of the withdrawals before the read; undefined if it could not be read */
  readonly mark: string | null | undefined
}

const NONE: Held = {
  keys: [],
  active: null,
  readMs: Number.NEGATIVE_INFINITY,
  mark: undefined
}

/** @throws if the database does not answer, or no key is active */
export async function liveSigningKeys(options: LiveSigningKeysOptions): Promise<LiveSigningKeys> {
  const { clock, leaseMs = LEASE_MS } = options
  let held = NONE
  let lastFault: unknown
  // A read in progress may have missed a change, so a caller waits for one that begins after it.
  const reads = repeatedRound(async () => {
    try {
      const { next, forgetOthers } = await readKeys(options, held)
      // Both in the same turn of the event loop, so that no token is issued in between.
      held = next
      forgetOthers()
    } catch (error) {
      lastFault = error
      throw error
    }
  })

  await reads.request()
  const isStale = (): boolean => clock() - held.readMs > leaseMs
  const untilCurrent: LiveSigningKeys['untilCurrent'] = async (known) => {
    const mark = known === undefined ? await markOf(options) : known
    if (mark !== undefined && mark !== held.mark) await reads.request()
  }
  return {
    held: () => held.keys,
    ageMs: () => clock() - held.readMs,
    active() {
      const { active } = held
      if (active === null || isStale()) throw keysUnknown(lastFault)
      return active
    },
    untilCurrent,
    async current() {
      await untilCurrent().catch((error: unknown) => {
        throw keysUnreadable(error)
      })
      if (isStale()) throw keysUnknown(lastFault)
      return held.keys
    },
    async read() {
      await reads.request()
      return held.keys
    },
    async close() {
      await Promise.allSettled([reads.inProgress()])
    }
  }
}

/** Undefined if it cannot be read. */
const markOf = ({ withdrawals }: LiveSigningKeysOptions): Promise<string | null | undefined> =>
  withdrawals.mark().catch(() => undefined)

/** Reads the keys, and prepares their signers. */
async function readKeys(
  options: LiveSigningKeysOptions,
  before: Held
): Promise<{ readonly next: Held; readonly forgetOthers: () => void }> {
  const { store, prepare, lifetimeSeconds, clock } = options
  const readMs = clock()
  const mark = await markOf(options)
  const keys = await store.live()
  const active = signingOf(keys)
  // Noted before the key signs the first token of this lifetime.
  const isNoted =
    active.kid === before.active?.kid || (await store.noteTokenLife(active.kid, lifetimeSeconds))
  if (!isNoted) return readKeys(options, before)
  if (!hasChanged(before.keys, keys))
    return { next: { ...before, readMs, mark }, forgetOthers() {} }
  return { forgetOthers: await prepare(keys), next: { keys, active, readMs, mark } }
}

/** @throws Error if none is active */
function signingOf(keys: readonly SigningKey[]): SigningKey {
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
