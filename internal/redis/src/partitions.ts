/**
 * A part of the data of sessions, and the hash tag of its keys. In a Redis Cluster, the keys with
 * one tag are in one slot, so a script can use several of them.
 */
export type Partition = string

/**
 * The partition of what concerns no single account. With one partition, it has the sessions too.
 */
export const COMMON: Partition = 'sessions'

export const MOST_PARTITIONS = 64

/** Whether an installation can have this number of partitions. */
export const isPartitionCount = (count: number): boolean =>
  Number.isInteger(count) && count >= 1 && count <= MOST_PARTITIONS

/** The key of the number of partitions, which is fixed when an installation is first started. */
export const PARTITION_COUNT = keyIn(COMMON, 'partitions')

export function keyIn(partition: Partition, name: string): string {
  return `gatehouse:{${partition}}:${name}`
}

/** The partitions that have the sessions. */
export const sessionPartitions = (count: number): readonly Partition[] =>
  count === 1 ? [COMMON] : Array.from({ length: count }, (_, index) => tagOf(index, count))

/** The partitions that have revocation logs: the common one first. */
export const loggedPartitions = (count: number): readonly Partition[] => [
  ...new Set([COMMON, ...sessionPartitions(count)])
]

/** The one of these partitions that has the sessions of an account. */
export const partitionOf = (subject: string, partitions: readonly Partition[]): Partition =>
  partitions[Math.floor(shareOf(subject) * partitions.length)] ?? COMMON

/**
 * The tag of a partition whose slot is near the middle of its share of all slots. So nodes with
 * equal ranges of slots get equal numbers of partitions. With the tags `p0` to `p15`, one of three
 * nodes would have 7 and another 4.
 */
function tagOf(index: number, count: number): Partition {
  for (let attempt = 0; ; attempt++) {
    const tag = attempt === 0 ? `p${index}` : `p${index}.${attempt}`
    if (Math.abs(shareOf(tag) * count - index - 0.5) < 0.25) return tag
  }
}

const SLOTS = 16_384

/** Where the slot of a hash tag is between the first slot (0) and the end of the last one (1). */
const shareOf = (tag: string): number => (crc16(tag) % SLOTS) / SLOTS

/** CRC16/XMODEM, with which Redis Cluster assigns slots (Redis Cluster specification). */
function crc16(text: string): number {
  let crc = 0
  for (const byte of Buffer.from(text)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff
  }
  return crc
}
