import { COMMON, keyIn, type Partition } from '@gatehouse/redis/partitions'

/** One hash per user: a single key, so each script is atomic, even in a cluster. */
export const familiesKey = (subject: string, partition: Partition = COMMON): string =>
  keyIn(partition, subject)

/**
 * A marker that is lost if all data of the partition is lost.
 * @param partitions how many there are. Earlier releases have the marker of a single one.
 */
export const markKey = (partition: Partition, partitions: number): string =>
  keyIn(partition, partitions === 1 ? 'mark' : 'partition-mark')

/** The ends that the database may not have yet, by session, as JSON. */
export const unrecordedKey = (partition: Partition): string => keyIn(partition, 'unrecorded')
