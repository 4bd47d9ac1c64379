import { COMMON } from '@gatehouse/redis/partitions'
import { AHEAD_SECONDS } from '../../revocations/stale-ahead.ts'
import type { EndPublisherOptions } from './end-publisher.ts'

/**
 * Publishes all unpublished ends, after which the logs of the partitions without a fault are
 * complete: auth services may write heartbeats into them.
 * @param incomplete the marks of the data, by partition
 * @param publishLeft publishes the ends before a time (ms), and returns the first fault of each
 * partition that has one
 */
export async function completeTheLogs(
  incomplete: ReadonlyMap<string, string>,
  publishLeft: (beforeMs: number) => Promise<ReadonlyMap<string, unknown>>,
  {
    complete,
    isRepublished = async () => true,
    clock
  }: Pick<EndPublisherOptions, 'complete' | 'isRepublished' | 'clock'>
): Promise<void> {
  const nowSeconds = Math.floor(clock() / 1000)
  // Also the ends that are under way: a log that has lost them is not complete without them.
  const faults = await publishLeft(Number.MAX_SAFE_INTEGER)
  for (const [partition, mark] of incomplete) {
    if (faults.has(partition)) continue
    // The common log also has the changes of rights and the revoked keys.
    if (partition === COMMON && !(await isRepublished(nowSeconds + AHEAD_SECONDS))) continue
    complete?.completed(partition, mark)
  }
}
