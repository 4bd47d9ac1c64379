/** A read that several parts of the process ask for, one at a time. */
type FreshReads = {
  /** Reads, with a read that begins after the call. */
  read(): Promise<void>
  /** Resolves when the reads that are under way have ended. */
  settled(): Promise<void>
}

/**
 * A call during a read waits for the next one, because the current one may have missed a change.
 * All calls during a read share the next one.
 */
export function freshReads(readOnce: () => Promise<void>): FreshReads {
  let underWay: Promise<void> | null = null
  let following: Promise<void> | null = null

  const begin = (): Promise<void> => {
    underWay = readOnce().finally(() => {
      underWay = null
    })
    return underWay
  }
  const beginAfter = async (current: Promise<void>): Promise<void> => {
    await current.catch(() => {})
    following = null
    await begin()
  }

  return {
    read() {
      if (underWay === null) return begin()
      following ??= beginAfter(underWay)
      return following
    },
    async settled() {
      await Promise.allSettled([underWay, following])
    }
  }
}
