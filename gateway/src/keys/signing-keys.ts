import { setTimeout as sleep } from 'node:timers/promises'
import { keySetVersion } from '@gatehouse/access-token/key-set-version'
import type { SignatureAlgorithm } from './algorithms.ts'
import { chooseKey } from './choose-key.ts'
import { announcedSets } from './fetching/announced-sets.ts'
import { keySetFetches } from './fetching/key-set-fetches.ts'
import { refreshRegularly } from './fetching/refresh-regularly.ts'
import { type ClientOf, keyFinder } from './find-key.ts'
import { heldKeySet } from './key-sets/held-key-set.ts'
import type { VerificationKey } from './key-sets/key-set.ts'
import type { SigningKeysOptions } from './key-sets/signing-keys-options.ts'

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
   * @param clientOf names the client, whose share of the queue counts if the request must wait
   * @throws IssuerNotAsked if the issuer could not be asked
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
  const { clock, onFault, patienceMs = PATIENCE_MS, longestPauseMs = LONGEST_PAUSE_MS } = options
  const held = heldKeySet(options)
  const fetches = keySetFetches(options, held)
  const kids = () => (held.trusted()?.keys ?? []).flatMap(({ kid }) => kid ?? [])
  const issuerVersion = () => keySetVersion(kids())
  const ended = new AbortController()
  const sets = announcedSets({ issuerVersion, fetches, onFault, ended: ended.signal })
  const find = keyFinder({
    choose(kid, algorithm) {
      const set = held.trusted()
      return set === null ? null : chooseKey(set, kid, algorithm)
    },
    fetches,
    announced: sets.coming,
    announcesKeys: options.form === 'own',
    patienceMs
  })
  const endRefreshing = refreshRegularly(fetches, longestPauseMs)
  await Promise.race([fetches.refresh(), sleep(patienceMs, undefined, { ref: false })])

  return {
    get loaded() {
      return (held.trusted()?.keys.length ?? 0) > 0
    },
    ageSeconds: held.ageSeconds,
    get version() {
      return held.trusted()?.version ?? ''
    },
    get issuerVersion() {
      return issuerVersion()
    },
    get kids() {
      return kids()
    },
    find: async (kid, algorithm, clientOf = () => null) =>
      held.isWithdrawn(kid) ? null : find(kid, algorithm, clientOf),
    refresh: fetches.refresh,
    catchUp: sets.catchUp,
    noteHeartbeat(ageMs) {
      if (held.trusted() !== null) held.confirm(clock() - ageMs)
    },
    withdraw: held.withdraw,
    isWithdrawn: held.isWithdrawn,
    close() {
      ended.abort()
      endRefreshing()
    }
  }
}
