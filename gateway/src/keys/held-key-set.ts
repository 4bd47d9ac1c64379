import { downloadFault, KeySetFault } from './download.ts'
import { keep, readKept } from './kept-key-set.ts'
import { documentWithout, type KeySet, readKeySet, without } from './key-set.ts'
import type { SigningKeysOptions } from './signing-keys-options.ts'

/** The key set of an issuer that this gateway has, in memory and on disk. */
export type HeldKeySet = {
  /**
   * The set; null if there is none, or if there was no contact for too long: the gateway may then
   * have missed a revocation that the log has since forgotten.
   */
  trusted(): KeySet | null
  /** the time since the set was fetched or confirmed */
  ageSeconds(): number
  /**
   * Replaces the set.
   * @param ageMs how old the document already was when it was fetched
   * @throws KeySetFault if the document cannot be used, or is older than the set; the set stays
   */
  replace(document: string, fetchedAtMs: number, ageMs: number): void
  /** The log was read up to a heartbeat of this age. At that time, a trusted set was still good. */
  noteHeartbeat(ageMs: number): void
  withdraw(kid: string): void
  isWithdrawn(kid: string | null): boolean
}

type HeldKeySetOptions = Pick<
  SigningKeysOptions,
  'file' | 'form' | 'clock' | 'onFault' | 'trustSeconds'
>

export function heldKeySet(options: HeldKeySetOptions): HeldKeySet {
  const { file, form, clock, trustSeconds = Number.POSITIVE_INFINITY } = options
  const withdrawn = new Set<string | null>()
  const kept = readKept(file)
  let { text } = kept
  let held: KeySet | null = text === null ? null : readKeySet(text, form)
  let goodAtMs = Math.min(kept.goodAtMs, clock())
  /** when the source of the set in use still had it */
  let sourceMs = goodAtMs

  const trusted = () => (clock() - goodAtMs <= trustSeconds * 1000 ? held : null)
  return {
    trusted,
    ageSeconds: () => (held === null ? Number.POSITIVE_INFINITY : (clock() - goodAtMs) / 1000),
    replace(document, fetchedAtMs, ageMs) {
      const fetched = readKeySet(document, form, withdrawn)
      if (fetched === null) throw new KeySetFault('the document has no usable key')
      const readMs = fetchedAtMs - ageMs
      // A set with an age comes from an instance that cannot read its database, or from a cache. A
      // set without an age was read just now; if it looks older, our clock has been set back.
      sourceMs = Math.min(sourceMs, fetchedAtMs)
      const isOlder = ageMs > 0 && readMs < sourceMs
      if (held !== null && isOlder && fetched.version !== held.version) {
        throw new KeySetFault('the key set is older than the one in use')
      }
      held = fetched
      sourceMs = Math.max(sourceMs, readMs)
      text = documentWithout(document, withdrawn)
      goodAtMs = Math.max(goodAtMs, readMs)
      keepOrTell(text, goodAtMs, options)
    },
    noteHeartbeat(ageMs) {
      if (trusted() !== null) goodAtMs = Math.max(goodAtMs, clock() - ageMs)
    },
    withdraw(kid) {
      withdrawn.add(kid)
      if (text === null || !held?.keys.some((key) => key.kid === kid)) return
      held = without(held, kid)
      text = documentWithout(text, withdrawn)
      keepOrTell(text, goodAtMs, options)
    },
    isWithdrawn: (kid) => withdrawn.has(kid)
  }
}

/** A full disk must not keep a withdrawn key in use: the set takes effect, stored or not. */
function keepOrTell(
  document: string,
  goodAtMs: number,
  { file, onFault }: HeldKeySetOptions
): void {
  try {
    keep(file, document, goodAtMs)
  } catch (error) {
    onFault(`the key set could not be stored: ${downloadFault(error)}`)
  }
}
