/** between two fetches for unknown kids, so that a flood of them does not reach the issuer */
export const COOLDOWN_MS = 5000
/** between two fetches that do not wait for the cooldown */
const EARLY_MS = 60_000

/**
 * Says when an unknown `kid` may cause a fetch of the key set: in how many milliseconds, 0 for now.
 * An issuer may sign with a key that it has published after the last fetch, and a client must not
 * be told to sign in again because the gateway has just asked. So once a minute, a fetch does not
 * wait for the cooldown. In a flood of unknown kids, all other fetches wait, because a kid shows
 * nothing about whether its key exists.
 * @param monotonicClock in milliseconds
 */
export function unknownKeyFetches(monotonicClock: () => number, cooldownMs: number) {
  let earlyMs = Number.NEGATIVE_INFINITY
  return (last: { readonly atMs: number; readonly hasFailed: boolean }): number => {
    const nowMs = monotonicClock()
    const leftMs = last.atMs + cooldownMs - nowMs
    if (leftMs <= 0) return 0
    if (last.hasFailed || nowMs - earlyMs < EARLY_MS) return leftMs
    earlyMs = nowMs
    return 0
  }
}
