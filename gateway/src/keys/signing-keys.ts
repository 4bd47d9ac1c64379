import { setTimeout as sleep } from 'node:timers/promises'
import { keySetVersion } from '@gatehouse/access-token/key-set-version'
import type { SignatureAlgorithm } from './algorithms.ts'
import { announcedSets } from './announced-sets.ts'
import { chooseKey } from './choose-key.ts'
import { DownloadFailed, download, downloadFault, KeySetFault } from './download.ts'
import { pauseAfter, retryAfterMs } from './fetch-pauses.ts'
import { type ClientOf, keyFinder } from './find-key.ts'
import { keep, readKept } from './kept-key-set.ts'
import {
  documentWithout,
  type KeySet,
  readKeySet,
  type VerificationKey,
  without
} from './key-set.ts'
import type { SigningKeysOptions } from './signing-keys-options.ts'
import { COOLDOWN_MS, unknownKeyFetches } from './unknown-key-fetches.ts'

/** The keys of an issuer, as this gateway has them. */
export type SigningKeys = {
  /** whether there is a trusted set with at least one key */
  readonly loaded: boolean
  /** the time since the set was fetched or confirmed */
  ageSeconds(): number
  /** changes with the set */
  readonly version: string
  /** the name that our own issuer gives to this set */
  readonly issuerVersion: string
  /** the ids of the keys in the set */
  readonly kids: readonly string[]
  /**
   * The key for a token's `kid` and `alg`. null: the issuer has no such key, or it is revoked.
   * @param clientOf the client that asks, if the request must wait; default: of no client
   * @throws KeyNotAsked if the issuer could not be asked
   */
  find(
    kid: string | null,
    algorithm: SignatureAlgorithm,
    clientOf?: ClientOf
  ): Promise<VerificationKey | null>
  /** Fetches the set now; false if that failed and the last good set stays. */
  refresh(): Promise<boolean>
  /** Fetches until it has the set of this version, or until another version is announced. */
  catchUp(issuerVersion: string): Promise<void>
  /** The log was read up to a heartbeat of this age. At that time, a trusted set was still good. */
  noteHeartbeat(ageMs: number): void
  /** Revokes the key: it is no longer found, whatever set contains it, and is not stored either. */
  withdraw(kid: string): void
  /** Whether the key was revoked. */
  isWithdrawn(kid: string | null): boolean
  close(): void
}

const [PATIENCE_MS, LONGEST_PAUSE_MS] = [2000, 5000]

/** Keeps the issuer's key set up to date and on disk. A failed fetch changes nothing. */
export async function openSigningKeys(options: SigningKeysOptions): Promise<SigningKeys> {
  const { url, form, file, clock, onFault, downloadMs, tls = null } = options
  const { trustSeconds = Number.POSITIVE_INFINITY, patienceMs = PATIENCE_MS } = options
  const { longestPauseMs: longestMs = LONGEST_PAUSE_MS } = options
  const withdrawn = new Set<string | null>()
  const kept = readKept(file)
  let { text } = kept
  let held: KeySet | null = text === null ? null : readKeySet(text, form)
  let goodAtMs = Math.min(kept.goodAtMs, clock())
  /** when the source of the set in use still had it */
  let heldSourceMs = goodAtMs
  let underWay: Promise<boolean> | null = null
  let inTouch = true
  let failures = 0
  const unknownKeyDueInMs = unknownKeyFetches(clock, options.cooldownMs ?? COOLDOWN_MS)
  let begun = 0
  /** until when the issuer wants no request */
  let quietUntilMs = Number.NEGATIVE_INFINITY
  let lastFetchMs = Number.NEGATIVE_INFINITY

  /** A full disk must not keep a withdrawn key in use: the set takes effect, stored or not. */
  const keepOrTell = (document: string): void => {
    try {
      keep(file, document, goodAtMs)
    } catch (error) {
      onFault(`the key set could not be stored: ${downloadFault(error)}`)
    }
  }
  const fetchSet = async (): Promise<boolean> => {
    lastFetchMs = clock()
    begun += 1
    try {
      const address = typeof url === 'string' ? url : await url()
      const { text: document, ageMs } = await download(address, downloadMs, tls)
      const fetched = readKeySet(document, form, withdrawn)
      if (fetched === null) throw new KeySetFault('the document has no usable key')
      const sourceMs = lastFetchMs - ageMs
      // A set with an age comes from an instance that cannot read its database, or from a cache. A
      // set without an age was read just now; if it looks older, our clock has been set back.
      heldSourceMs = Math.min(heldSourceMs, lastFetchMs)
      const isOlder = ageMs > 0 && sourceMs < heldSourceMs
      if (held !== null && isOlder && fetched.version !== held.version) {
        throw new KeySetFault('the key set is older than the one in use')
      }
      held = fetched
      heldSourceMs = Math.max(heldSourceMs, sourceMs)
      text = documentWithout(document, withdrawn)
      goodAtMs = Math.max(goodAtMs, sourceMs)
      inTouch = true
      quietUntilMs = Number.NEGATIVE_INFINITY
      failures = 0
      keepOrTell(text)
      return true
    } catch (error) {
      failures += 1
      const retryAfter = error instanceof DownloadFailed ? error.retryAfter : null
      quietUntilMs = clock() + retryAfterMs(retryAfter, clock())
      // An outage is reported once, not at every attempt.
      if (inTouch) onFault(downloadFault(error))
      inTouch = false
      return false
    }
  }
  /** A caller that asks during a fetch waits for that fetch. */
  const refresh = (): Promise<boolean> => {
    underWay ??= fetchSet().finally(() => {
      underWay = null
    })
    return underWay
  }

  /**
   * After too long without contact, the gateway may have missed a revocation that the log has since
   * forgotten.
   */
  const counting = (): KeySet | null => (clock() - goodAtMs <= trustSeconds * 1000 ? held : null)
  const kids = () => (counting()?.keys ?? []).flatMap(({ kid }) => kid ?? [])
  const issuerVersion = () => keySetVersion(kids())
  const chosen = (kid: string | null, algorithm: SignatureAlgorithm) => {
    const set = counting()
    return set === null ? null : chooseKey(set, kid, algorithm)
  }
  const sets = announcedSets({ issuerVersion, underWay: () => underWay, refresh })
  const find = keyFinder({
    choose: chosen,
    fetches: {
      get begun() {
        return begun
      },
      get underWay() {
        return underWay
      },
      get hasAnswer() {
        return inTouch && counting() !== null
      },
      refresh,
      dueInMs: () =>
        Math.max(
          quietUntilMs - clock(),
          unknownKeyDueInMs({ atMs: lastFetchMs, hasFailed: !inTouch })
        )
    },
    announced: sets.coming,
    announcesKeys: form === 'own',
    patienceMs
  })

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
  await Promise.race([refresh(), sleep(patienceMs, undefined, { ref: false })])

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
    find: async (kid, algorithm, clientOf = () => null) =>
      withdrawn.has(kid) ? null : find(kid, algorithm, clientOf),
    noteHeartbeat(ageMs) {
      if (counting() !== null) goodAtMs = Math.max(goodAtMs, clock() - ageMs)
    },
    refresh,
    catchUp: sets.catchUp,
    get issuerVersion() {
      return issuerVersion()
    },
    isWithdrawn: (kid) => withdrawn.has(kid),
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
