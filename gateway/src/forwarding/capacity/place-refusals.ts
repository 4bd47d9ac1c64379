/** `full`: all places are taken. `caller_share`: the caller uses its share. */
export type NoPlace = 'full' | 'caller_share'
export const isNoPlace = (found: string): found is NoPlace =>
  found === 'full' || found === 'caller_share'

export type Refused = {
  readonly upstream: string
  readonly reason: NoPlace
  readonly count: number
}

/** How often a request got no place, by upstream. */
export function placeRefusals() {
  const counts = new Map<string, Record<NoPlace, number>>()
  return {
    note(upstream: string, reason: NoPlace): void {
      const known = counts.get(upstream) ?? { full: 0, caller_share: 0 }
      known[reason] += 1
      counts.set(upstream, known)
    },
    all: (): Refused[] =>
      [...counts].flatMap(([upstream, { full, caller_share }]) => [
        { upstream, reason: 'full', count: full },
        { upstream, reason: 'caller_share', count: caller_share }
      ])
  }
}
