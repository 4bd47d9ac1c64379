import type { Partition } from '@gatehouse/redis/partitions'

/**
 * Which revocation logs have everything that they must have. A partition of Redis that has lost its
 * data has lost its log too. Until the ends in the database are published again, a gateway that
 * starts would believe that nothing is revoked, so no process writes a heartbeat into that log.
 */
export type CompleteLogs = {
  /** The mark of the data of the partition whose log is complete; empty: none is known. */
  markOf(partition: Partition): string
  /** Everything that was revoked before is published to the data with this mark. */
  completed(partition: Partition, mark: string): void
  /** Calls when another log is complete. */
  onCompleted(tell: () => void): void
}

export function completeLogs(): CompleteLogs {
  const marks = new Map<Partition, string>()
  const followers: (() => void)[] = []
  return {
    markOf: (partition) => marks.get(partition) ?? '',
    completed(partition, mark) {
      if (marks.get(partition) === mark) return
      marks.set(partition, mark)
      for (const tell of followers) tell()
    },
    onCompleted(tell) {
      followers.push(tell)
    }
  }
}
