import { COMMON, keyIn, type Partition } from '@gatehouse/redis/partitions'

/** One hash per user: a single key, so each script is atomic, even in a cluster. */
export const familiesKey = (subject: string, partition: Partition = COMMON): string =>
  keyIn(partition, subject)

/** The ends that the database may not have yet, by session, as JSON. */
export const unrecordedKey = (partition: Partition): string => keyIn(partition, 'unrecorded')
