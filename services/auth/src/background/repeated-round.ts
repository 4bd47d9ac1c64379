/** Work that is done in rounds, one at a time. */
type RepeatedRound = {
  /**
   * Begins a round, or lets one follow the round in progress. Resolves or rejects with the first
   * round that begins after the call; later requests do not delay it.
   */
  request(): Promise<void>
  /** The last round that was requested; null between rounds. */
  inProgress(): Promise<void> | null
}

export function repeatedRound(round: () => Promise<void>): RepeatedRound {
  let current: Promise<void> | null = null
  let following: Promise<void> | null = null
  const begin = (): Promise<void> => {
    current = round().finally(() => {
      current = null
    })
    return current
  }
  return {
    request() {
      // Between the end of a round and the begin of the following one, there is no current one.
      if (following !== null) return following
      if (current === null) return begin()
      following = current
        .catch(() => {})
        .then(() => {
          following = null
          return begin()
        })
      return following
    },
    inProgress: () => following ?? current
  }
}
