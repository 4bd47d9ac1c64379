/** Why something cannot be taken: all of it is in use, or the caller uses its share. */
type Lacking = 'all' | 'share'

/** A capacity of which one caller may use a share: bytes of memory, or places at an address. */
export type SharedCapacity = {
  /** how much is in use */
  readonly used: number
  /** how many callers use some, without what belongs to no caller */
  readonly callers: number
  /**
   * What prevents taking this amount; null if nothing does.
   * @param caller whose share it counts against; null: no caller's
   */
  lacking(caller: string | null, amount: number): Lacking | null
  /** Takes the amount, unless something prevents it. */
  take(caller: string | null, amount: number): Lacking | null
  give(caller: string | null, amount: number): void
}

/**
 * @param sharePercent the part that one caller may use of what all others leave, from 1 to 100. It
 * is rounded up to a whole number, so that a caller always gets something of a small capacity.
 */
export function sharedCapacity(sharePercent: number, most: number): SharedCapacity {
  const held = new Map<string, number>()
  let used = 0
  const heldBy = (caller: string | null): number => (caller === null ? 0 : (held.get(caller) ?? 0))

  const lacking = (caller: string | null, amount: number): Lacking | null => {
    if (used + amount > most) return 'all'
    if (caller === null) return null
    const own = heldBy(caller)
    return (own + amount - 1) * 100 < sharePercent * (most - used + own) ? null : 'share'
  }
  return {
    get used() {
      return used
    },
    get callers() {
      return held.size
    },
    lacking,
    take(caller, amount) {
      const lacks = lacking(caller, amount)
      if (lacks !== null) return lacks
      used += amount
      if (caller !== null) held.set(caller, heldBy(caller) + amount)
      return null
    },
    give(caller, amount) {
      used -= amount
      if (caller === null) return
      const left = heldBy(caller) - amount
      if (left > 0) held.set(caller, left)
      else held.delete(caller)
    }
  }
}
