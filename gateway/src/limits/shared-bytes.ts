/** Memory of which one caller may use a share. */
export type SharedBytes = {
  /**
   * Takes bytes, if they are left.
   * @param caller whose share they count against; null: no caller's
   * @returns null, or what does not allow it: all of it is taken, or the caller's share is
   */
  take(caller: string | null, bytes: number): 'all' | 'share' | null
  give(caller: string | null, bytes: number): void
}

/** @param sharePercent the part that one caller may use of what all others leave, from 1 to 100 */
export function sharedBytes(sharePercent: number, mostBytes: number): SharedBytes {
  const held = new Map<string, number>()
  let total = 0

  return {
    take(caller, bytes) {
      if (total + bytes > mostBytes) return 'all'
      const own = caller === null ? 0 : (held.get(caller) ?? 0)
      const share = (sharePercent / 100) * (mostBytes - total + own)
      if (caller !== null && own + bytes > share) return 'share'
      total += bytes
      if (caller !== null) held.set(caller, own + bytes)
      return null
    },
    give(caller, bytes) {
      total -= bytes
      if (caller === null) return
      const left = (held.get(caller) ?? 0) - bytes
      if (left > 0) held.set(caller, left)
      else held.delete(caller)
    }
  }
}
