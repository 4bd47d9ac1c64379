import { downloadFault, KeySetFault } from './download.ts'
import { documentWithout, type KeySet, readKeySet, without } from './key-set.ts'
import { readKeySetFile, writeKeySetFile } from './key-set-file.ts'
import type { SigningKeysOptions } from './signing-keys-options.ts'

/** The key set in use, in memory and on disk. */
export type HeldKeySet = {
  /** null: there is none, or it was without contact for too long */
  trusted(): KeySet | null
  /** the time since the set was fetched or confirmed */
  ageSeconds(): number
  /**
   * Takes a set that was fetched.
   * @throws KeySetFault if it has no usable key, or is older than the one in use
   */
  take(fetched: Fetched): void
  /** At this time, the set was still good. */
  confirm(atMs: number): void
  /** Revokes the key: whatever set contains it, it is not used, and not stored either. */
  withdraw(kid: string): void
  isWithdrawn(kid: string | null): boolean
}

/** A document, when its fetch began, and how long before that its source still had it. */
type Fetched = { readonly document: string; readonly fetchedMs: number; readonly ageMs: number }

type State = {
  text: string | null
  set: KeySet | null
  /** when the set was last known to be good */
  goodAtMs: number
  /** when the source of the set still had it */
  sourceMs: number
  readonly withdrawn: Set<string | null>
}

type Options = Pick<SigningKeysOptions, 'file' | 'form' | 'clock' | 'onFault' | 'trustSeconds'>

/** Begins with the set on disk. */
export function heldKeySet(options: Options): HeldKeySet {
  const { file, form, clock, onFault, trustSeconds = Number.POSITIVE_INFINITY } = options
  const { text, goodAtMs } = readKeySetFile(file, onFault)
  const knownMs = Math.min(goodAtMs, clock())
  const state: State = {
    text,
    set: text === null ? null : readKeySet(text, form),
    goodAtMs: knownMs,
    sourceMs: knownMs,
    withdrawn: new Set()
  }
  return {
    // After too long without contact, the gateway may have missed a revocation that the log has
    // since forgotten.
    trusted: () => (clock() - state.goodAtMs <= trustSeconds * 1000 ? state.set : null),
    ageSeconds: () =>
      state.set === null ? Number.POSITIVE_INFINITY : (clock() - state.goodAtMs) / 1000,
    take: (fetched) => take(state, fetched, options),
    confirm(atMs) {
      state.goodAtMs = Math.max(state.goodAtMs, atMs)
    },
    withdraw: (kid) => withdraw(state, kid, options),
    isWithdrawn: (kid) => state.withdrawn.has(kid)
  }
}

function take(state: State, { document, fetchedMs, ageMs }: Fetched, options: Options): void {
  const set = readKeySet(document, options.form, state.withdrawn)
  if (set === null) throw new KeySetFault('the document has no usable key')
  const sourceMs = fetchedMs - ageMs
  // A set with an age comes from an instance that cannot read its database, or from a cache. A
  // set without an age was read just now; if it looks older, our clock has been set back.
  state.sourceMs = Math.min(state.sourceMs, fetchedMs)
  const isOlder = ageMs > 0 && sourceMs < state.sourceMs
  if (state.set !== null && isOlder && set.version !== state.set.version) {
    throw new KeySetFault('the key set is older than the one in use')
  }
  state.set = set
  state.sourceMs = Math.max(state.sourceMs, sourceMs)
  state.goodAtMs = Math.max(state.goodAtMs, sourceMs)
  store(state, document, options)
}

function withdraw(state: State, kid: string, options: Options): void {
  state.withdrawn.add(kid)
  if (state.text === null || !state.set?.keys.some((key) => key.kid === kid)) return
  state.set = without(state.set, kid)
  store(state, state.text, options)
}

/** A full disk must not keep a withdrawn key in use: the set takes effect, stored or not. */
function store(state: State, document: string, { file, onFault }: Options): void {
  state.text = documentWithout(document, state.withdrawn)
  try {
    writeKeySetFile(file, state.text, state.goodAtMs)
  } catch (error) {
    onFault(`the key set could not be stored: ${downloadFault(error)}`)
  }
}
