import { DownloadFailed, download, downloadFault } from './download.ts'
import { pauseAfter, retryAfterMs } from './fetch-pauses.ts'
import type { HeldKeySet } from './held-key-set.ts'
import type { SigningKeysOptions } from './signing-keys-options.ts'
import { COOLDOWN_MS, unknownKeyFetches } from './unknown-key-fetches.ts'

/** The fetches of a key set. */
export type KeySetFetches = {
  /** how many have begun */
  readonly begun: number
  /** the one in progress; it does not reject */
  readonly underWay: Promise<boolean> | null
  /** the last one succeeded, and its set is trusted */
  readonly hasAnswer: boolean
  /** Joins the fetch in progress, or begins one. False if it failed and the last good set stays. */
  refresh(): Promise<boolean>
  /** in how many milliseconds an unknown key may cause a fetch; 0 counts as that fetch */
  dueInMs(): number
  /** the pause until the next regular fetch, in milliseconds */
  pauseMs(): number
}

type FetchOptions = Pick<
  SigningKeysOptions,
  'url' | 'clock' | 'onFault' | 'downloadMs' | 'tls' | 'cooldownMs' | 'longestPauseMs'
>

const LONGEST_PAUSE_MS = 5000

/** What this gateway remembers of the fetches so far. Times are in milliseconds. */
type History = {
  begun: number
  lastAtMs: number
  /** how many have failed in a row */
  failures: number
  /** until when the issuer wants no request */
  quietUntilMs: number
}

export function keySetFetches(held: HeldKeySet, options: FetchOptions): KeySetFetches {
  const { clock, longestPauseMs: longestMs = LONGEST_PAUSE_MS } = options
  const unknownKeyDueInMs = unknownKeyFetches(clock, options.cooldownMs ?? COOLDOWN_MS)
  const history: History = {
    begun: 0,
    lastAtMs: Number.NEGATIVE_INFINITY,
    failures: 0,
    quietUntilMs: Number.NEGATIVE_INFINITY
  }
  const quietMs = () => history.quietUntilMs - clock()
  let underWay: Promise<boolean> | null = null

  return {
    get begun() {
      return history.begun
    },
    get underWay() {
      return underWay
    },
    get hasAnswer() {
      return history.failures === 0 && held.trusted() !== null
    },
    refresh() {
      underWay ??= fetchSet(held, history, options).finally(() => {
        underWay = null
      })
      return underWay
    },
    dueInMs() {
      const { lastAtMs: atMs, failures } = history
      return Math.max(quietMs(), unknownKeyDueInMs({ atMs, hasFailed: failures > 0 }))
    },
    pauseMs() {
      const askedForMs = Math.max(quietMs(), 0)
      return pauseAfter(history.failures, { askedForMs, longestMs }, Math.random())
    }
  }
}

async function fetchSet(
  held: HeldKeySet,
  history: History,
  options: FetchOptions
): Promise<boolean> {
  const { clock, onFault } = options
  history.lastAtMs = clock()
  history.begun += 1
  try {
    const { text, ageMs } = await downloadSet(options)
    held.replace(text, history.lastAtMs, ageMs)
    history.failures = 0
    history.quietUntilMs = Number.NEGATIVE_INFINITY
    return true
  } catch (error) {
    // An outage is reported once, not at every attempt.
    if (history.failures === 0) onFault(downloadFault(error))
    history.failures += 1
    history.quietUntilMs = clock() + askedPauseMs(error, clock())
    return false
  }
}

async function downloadSet({ url, downloadMs, tls = null }: FetchOptions) {
  const address = typeof url === 'string' ? url : await url()
  return download(address, downloadMs, tls)
}

/** The pause that the issuer asks for with its answer; 0 if it asks for none. */
const askedPauseMs = (error: unknown, nowMs: number): number =>
  retryAfterMs(error instanceof DownloadFailed ? error.retryAfter : null, nowMs)
