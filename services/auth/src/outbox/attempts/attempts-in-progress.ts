/** The attempts of this process that have not ended. */
type AttemptsInProgress = {
  /** @param onEnd is called once the attempt no longer counts */
  add(target: string, attempt: Promise<void>, onEnd: () => void): void
  countOf(target: string): number
  all(): Promise<void>[]
}

export function attemptsInProgress(): AttemptsInProgress {
  const byTarget = new Map<string, Set<Promise<void>>>()
  return {
    add(target, attempt, onEnd) {
      const ofTarget = byTarget.get(target) ?? new Set()
      byTarget.set(target, ofTarget)
      const untilEnd: Promise<void> = attempt.then(() => {
        ofTarget.delete(untilEnd)
        if (ofTarget.size === 0) byTarget.delete(target)
        onEnd()
      })
      ofTarget.add(untilEnd)
    },
    countOf: (target) => byTarget.get(target)?.size ?? 0,
    all: () => [...byTarget.values()].flatMap((ofTarget) => [...ofTarget])
  }
}
