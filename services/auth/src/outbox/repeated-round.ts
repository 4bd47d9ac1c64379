/** Work that is done in rounds, one at a time. */
export type RepeatedRound = {
  /** Begins a round. If one is in progress, another one follows it. Ends with the last of them. */
  request(): Promise<void>
  /** The rounds in progress; null between rounds. */
  inProgress(): Promise<void> | null
}

export function repeatedRound(round: () => Promise<void>): RepeatedRound {
  let running: Promise<void> | null = null
  let isRequested = false
  const runWhileRequested = async (): Promise<void> => {
    try {
      while (isRequested) {
        isRequested = false
        await round()
      }
    } finally {
      running = null
    }
  }
  return {
    request() {
      isRequested = true
      running ??= runWhileRequested()
      return running
    },
    inProgress: () => running
  }
}
