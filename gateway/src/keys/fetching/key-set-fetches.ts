import { DownloadFailed, download, downloadFault } from '../key-sets/download.ts'
import type { HeldKeySet } from '../key-sets/held-key-set.ts'
import type { SigningKeysOptions } from '../key-sets/signing-keys-options.ts'
import { retryAfterMs } from './fetch-pauses.ts'
import { COOLDOWN_MS, unknownKeyFetches } from './unknown-key-fetches.ts'

/** The fetches of a key set. A failed fetch changes nothing but these figures. */
export type KeySetFetches = {
  /** how many have begun */
  readonly begun: number
  /** how many in a row have failed */
  readonly failures: number
  /** the one in progress; it does not reject */
  readonly underWay: Promise<boolean> | null
  /** the last one succeeded, and its set is trusted */
  readonly hasAnswer: boolean
  /** Joins the fetch in progress, or begins one; false if it failed. */
  refresh(): Promise<boolean>
  /** for how many milliseconds the issuer wants no request */
  quietForMs(): number
  /**
   * Takes the next fetch for an unknown key, if it is due (0). Otherwise: in how many milliseconds.
   */
  claimFetch(): number
}

type State = {
  begun: number
  underWay: Promise<boolean> | null
  failures: number
  inTouch: boolean
  /** until when the issuer wants no request, by the monotonic clock */
  quietUntilMs: number
  /** when the last one began, by the monotonic clock */
  lastMs: number
}

type Options = Pick<
  SigningKeysOptions,
  'url' | 'clock' | 'monotonicClock' | 'onFault' | 'tls' | 'downloadMs' | 'cooldownMs'
>

/** @param held takes each set that is fetched */
export function keySetFetches(
  options: Options,
  held: Pick<HeldKeySet, 'take' | 'trusted'>
): KeySetFetches {
  const { monotonicClock, cooldownMs = COOLDOWN_MS } = options
  const unknownKeyDueInMs = unknownKeyFetches(monotonicClock, cooldownMs)
  const state: State = {
    begun: 0,
    underWay: null,
    failures: 0,
    inTouch: true,
    quietUntilMs: Number.NEGATIVE_INFINITY,
    lastMs: Number.NEGATIVE_INFINITY
  }
  const quietForMs = (): number => state.quietUntilMs - monotonicClock()
  return {
    get begun() {
      return state.begun
    },
    get failures() {
      return state.failures
    },
    get underWay() {
      return state.underWay
    },
    get hasAnswer() {
      return state.inTouch && held.trusted() !== null
    },
    refresh() {
      state.underWay ??= fetchSet(state, options, held).finally(() => {
        state.underWay = null
      })
      return state.underWay
    },
    quietForMs,
    claimFetch: () =>
      Math.max(quietForMs(), unknownKeyDueInMs({ atMs: state.lastMs, hasFailed: !state.inTouch }))
  }
}

async function fetchSet(
  state: State,
  { url, clock, monotonicClock, onFault, tls, downloadMs }: Options,
  held: Pick<HeldKeySet, 'take'>
): Promise<boolean> {
  const fetchedMs = clock()
  state.lastMs = monotonicClock()
  state.begun += 1
  try {
    const address = typeof url === 'string' ? url : await url()
    const { text: document, ageMs } = await download(address, downloadMs, tls)
    held.take({ document, fetchedMs, ageMs })
    state.inTouch = true
    state.quietUntilMs = Number.NEGATIVE_INFINITY
    state.failures = 0
    return true
  } catch (error) {
    state.failures += 1
    const retryAfter = error instanceof DownloadFailed ? error.retryAfter : null
    state.quietUntilMs = monotonicClock() + retryAfterMs(retryAfter, clock())
    // An outage is reported once, not at every attempt.
    if (state.inTouch) onFault(downloadFault(error))
    state.inTouch = false
    return false
  }
}
