import { setTimeout as sleep } from 'node:timers/promises'
import { keySetVersion } from '@gatehouse/access-token/key-set-version'
import type { SignatureAlgorithm } from './algorithms.ts'
import { chooseKey } from './choose-key.ts'
import { DownloadFailed, download } from './download.ts'
import { pauseAfter, retryAfterMs } from './fetch-pauses.ts'
import { keep, readKept } from './kept-key-set.ts'
import {
  documentWithout,
  type KeySet,
  type KeySetForm,
  readKeySet,
  type VerificationKey,
  without
} from './key-set.ts'

/** The issuer's keys, as this gateway holds them. */
export type SigningKeys = {
  /** whether there is a set that counts, and a key in it */
  readonly loaded: boolean
  /** how long ago the set was fetched, or was known to be as good as fetched */
  ageSeconds(): number
  /** changes whenever the set does */
  readonly version: string
  /** the name that our own issuer gives to this set */
  readonly issuerVersion: string
  /** the keys that it holds, by name */
  readonly kids: readonly string[]
  /** The key that a token of this `kid` and `alg` means, after one fetch where it is unknown; null where it stays unknown. */
  find(kid: string | null, algorithm: SignatureAlgorithm): Promise<VerificationKey | null>
  /**
   * Whether a `kid` that is not found is known not to be the issuer's: the last fetch succeeded, or the key is withdrawn.
   * Otherwise the issuer could not be asked, which is not an answer.
   */
  isUnknown(kid: string | null): boolean
  /** Fetches the set now; false where that failed and the last good set stays. */
  refresh(): Promise<boolean>
  /** The issuer has said that its set is now the one of this name: fetches until it is, or until another is named. */
  catchUp(issuerVersion: string): Promise<void>
  /**
   * The log in which revocations of keys stand has been read up to a heartbeat of this age: what is held is as good as if it were
   * fetched then, unless too much time has passed before.
   */
  noteHeartbeat(ageMs: number): void
  /** The key is revoked: it is found no more, whatever set still holds it, and not kept either. */
  withdraw(kid: string): void
  close(): void
}

export type SigningKeysOptions = {
  /** where the issuer has it; asked each time, because an issuer may say another place from then on */
  url: string | (() => Promise<string>)
  form: KeySetForm
  /** where the last good set is kept, so that a gateway starts while the issuer is away */
  file: string
  clock: () => number
  onFault: (reason: string) => void
  /** how long a set counts without a word of the issuer or the log; for ever, where the issuer keeps no log */
  trustSeconds?: number
  /** how long one download of the set may take */
  downloadMs?: number
  /** how long a start, or a request whose key is unknown, waits for a fetch, which goes on in the background */
  patienceMs?: number
  /** the longest pause between two fetches that fail */
  longestPauseMs?: number
}

const PATIENCE_MS = 2000
const LONGEST_PAUSE_MS = 5000
/** between two fetches of a set that the issuer says has changed */
const CATCH_UP_PAUSE_MS = 200
/** between two fetches for unknown kids: a flood of them costs the issuer nothing */
const COOLDOWN_MS = 5000
const CATCH_UP_ATTEMPTS = 50

/** Holds the issuer's key set: fetched, refreshed, kept on disk; a fetch that fails changes nothing. */
export async function openSigningKeys(options: SigningKeysOptions): Promise<SigningKeys> {
  const { url, form, file, clock, onFault, downloadMs } = options
  const { trustSeconds = Number.POSITIVE_INFINITY, patienceMs = PATIENCE_MS } = options
  const { longestPauseMs: longestMs = LONGEST_PAUSE_MS } = options
  const withdrawn = new Set<string | null>()
  const kept = readKept(file)
  let { text } = kept
  let held: KeySet | null = text === null ? null : readKeySet(text, form)
  let goodAtMs = Math.min(kept.goodAtMs, clock())
  let underWay: Promise<boolean> | null = null
  let inTouch = true
  let failures = 0
  /** the issuer asked for peace until then */
  let quietUntilMs = Number.NEGATIVE_INFINITY
  let lastFetchMs = Number.NEGATIVE_INFINITY
  /** a fetch took longer than those who needed it could wait */
  let isSlow = false

  /** A full disk must not keep a withdrawn key in force: the set counts, kept or not, and the next fetch tries again. */
  const keepOrTell = (document: string): void => {
    try {
      keep(file, document, goodAtMs)
    } catch (error) {
      onFault(`the key set could not be kept: ${messageOf(error)}`)
    }
  }
  const fetchSet = async (): Promise<boolean> => {
    lastFetchMs = clock()
    try {
      const document = await download(typeof url === 'string' ? url : await url(), downloadMs)
      const fetched = readKeySet(document, form, withdrawn)
      if (fetched === null) throw new Error('the document has no usable key')
      held = fetched
      text = documentWithout(document, withdrawn)
      goodAtMs = lastFetchMs
      inTouch = true
      failures = 0
      keepOrTell(text)
      return true
    } catch (error) {
      failures += 1
      const retryAfter = error instanceof DownloadFailed ? error.retryAfter : null
      quietUntilMs = clock() + retryAfterMs(retryAfter, clock())
      // An outage is told of once, not at every attempt to end it.
      if (inTouch) onFault(messageOf(error))
      inTouch = false
      return false
    }
  }
  /** Whoever asks while a fetch is under way waits for that one. */
  const refresh = (): Promise<boolean> => {
    underWay ??= fetchSet().finally(() => {
      underWay = null
      isSlow = false
    })
    return underWay
  }
  /** The same, for as long as anyone can wait. */
  const refreshOrSlow = async (): Promise<void> => {
    const fetch = refresh()
    const timeout = new AbortController()
    const late = sleep(patienceMs, 'late', { signal: timeout.signal, ref: false })
    const first = await Promise.race([fetch, late.catch(() => {})])
    timeout.abort()
    if (first === 'late' && underWay === fetch) isSlow = true
  }

  /** Who has heard of nothing for too long may have missed the revocation of a key, and that it was ever revoked is forgotten. */
  const counting = (): KeySet | null => (clock() - goodAtMs <= trustSeconds * 1000 ? held : null)
  const kids = () => (counting()?.keys ?? []).flatMap(({ kid }) => kid ?? [])
  const issuerVersion = () => keySetVersion(kids())
  const chosen = (kid: string | null, algorithm: SignatureAlgorithm) => {
    const set = counting()
    return set === null ? null : chooseKey(set, kid, algorithm)
  }
  let wanted = ''
  const catchUp = async (version: string): Promise<void> => {
    wanted = version
    // An instance of the issuer may not have heard of it yet, so a fetch may bring the one before.
    for (let attempt = 0; attempt < CATCH_UP_ATTEMPTS; attempt += 1) {
      if (wanted !== version || issuerVersion() === version) return
      // One that is under way may have begun before the change.
      if (underWay !== null) await underWay
      await refresh()
      if (issuerVersion() !== version) await sleep(CATCH_UP_PAUSE_MS)
    }
  }

  let timer: NodeJS.Timeout | undefined
  let isOpen = true
  const refreshForEver = async (): Promise<void> => {
    await refresh()
    if (!isOpen) return
    const askedForMs = Math.max(quietUntilMs - clock(), 0)
    const pause = pauseAfter(failures, { askedForMs, longestMs }, Math.random())
    timer = setTimeout(refreshForEver, pause).unref()
  }
  void refreshForEver()
  await refreshOrSlow()

  return {
    get loaded() {
      return (counting()?.keys.length ?? 0) > 0
    },
    ageSeconds: () => (held === null ? Number.POSITIVE_INFINITY : (clock() - goodAtMs) / 1000),
    get version() {
      return counting()?.version ?? ''
    },
    get kids() {
      return kids()
    },
    async find(kid, algorithm) {
      const known = chosen(kid, algorithm)
      if (known !== null) return known
      const isEarly = clock() - lastFetchMs < COOLDOWN_MS || clock() < quietUntilMs
      if (underWay === null && isEarly) return null
      await refreshOrSlow()
      return chosen(kid, algorithm)
    },
    isUnknown: (kid) => withdrawn.has(kid) || (inTouch && !isSlow && counting() !== null),
    noteHeartbeat(ageMs) {
      if (counting() !== null) goodAtMs = Math.max(goodAtMs, clock() - ageMs)
    },
    refresh,
    catchUp,
    get issuerVersion() {
      return issuerVersion()
    },
    withdraw(kid) {
      withdrawn.add(kid)
      if (text === null || !held?.keys.some((key) => key.kid === kid)) return
      held = without(held, kid)
      text = documentWithout(text, withdrawn)
      keepOrTell(text)
    },
    close() {
      isOpen = false
      clearTimeout(timer)
    }
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
