/** between two fetches for unknown kids, so that a flood of them does not reach the issuer */
const COOLDOWN_MS = 5000
/** between two fetches that do not wait for the cooldown */
const EARLY_MS = 60_000

/**
 * Decides whether an unknown `kid` is worth a fetch of the key set. An issuer may sign with a key
 * that it has published after the last fetch, and a client must not be told to sign in again
 * because the gateway has just asked. So once a minute, a fetch does not wait for the cooldown. It
 * waits in a flood of unknown kids: nothing distinguishes them from a new one.
 * @param clock in milliseconds
 */
export function unknownKeyFetches(clock: () => number) {
  let earlyMs = Number.NEGATIVE_INFINITY
  return (last: { readonly atMs: number; readonly hasFailed: boolean }): boolean => {
    const nowMs = clock()
    if (nowMs - last.atMs >= COOLDOWN_MS) return true
    if (last.hasFailed || nowMs - earlyMs < EARLY_MS) return false
    earlyMs = nowMs
    return true
  }
}
