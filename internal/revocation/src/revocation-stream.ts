import { keyIn, type Partition } from '@gatehouse/redis/partitions'

/**
 * The stream that holds the log of a partition. A stream is push, memory and cursor in one, so a
 * reader that was away misses nothing.
 */
export const revocationStream = (partition: Partition): string => keyIn(partition, 'revocations')
