/** Takes a place at an upstream: what to call when it is free again, or null where there is none. */
export type TakePlace = (upstream: string) => (() => void) | null

/**
 * As many requests may be under way at an upstream as there are connections to it, so that none waits for one without an
 * end: the next is refused at once.
 */
export function places(perUpstream: number): TakePlace {
  const taken = new Map<string, number>()
  return (upstream) => {
    const count = taken.get(upstream) ?? 0
    if (count >= perUpstream) return null
    taken.set(upstream, count + 1)
    return () => taken.set(upstream, (taken.get(upstream) ?? 1) - 1)
  }
}
