import type { RedisConnection } from '@gatehouse/redis/connection'
import {
  COMMON,
  isPartitionCount,
  keyIn,
  PARTITION_COUNT,
  type Partition,
  partitionOf,
  sessionPartitions
} from '@gatehouse/redis/partitions'
import { storeUnavailable } from '../refusals.ts'
import { script } from './script.ts'

/** The partitions that have the sessions. */
export type SessionPartitions = {
  /** @throws Refusal UNAVAILABLE while Redis has never said how many there are */
  all(): Promise<readonly Partition[]>
  /**
   * The partition of an account.
   * @throws as `all`
   */
  of(subject: string): Promise<Partition>
}

/** The partitions, as Redis has recorded their number. */
export type RecordedPartitions = SessionPartitions & {
  /** Asks Redis again, and returns its number, which counts if the database has no other one. */
  read(): Promise<number>
  /** Calls with the number when it is known, and when it changes. */
  onNumber(listener: (partitions: number) => void): void
}

/**
 * A marker that is lost if all data of the partition is lost.
 * @param partitions how many there are. Earlier releases have the marker of a single one.
 */
export const markKey = (partition: Partition, partitions: number): string =>
  keyIn(partition, partitions === 1 ? 'mark' : 'partition-mark')

/** for a new installation, if the setting is not set */
const DEFAULT_PARTITIONS = 1

type NumberSources = {
  /** of a new installation */
  readonly setting: number | undefined
  /** as the database has recorded it; null: not yet */
  readonly durable?: () => number | null
}

/**
 * The number is recorded in Redis and in the database when an installation is first started. It
 * decides in which keys a session is, so from then on the recorded number counts, and not the
 * setting.
 */
export function recordedPartitions(
  redis: RedisConnection,
  { setting, durable = () => null }: NumberSources
): RecordedPartitions {
  const claim = script(redis, 'partitions', 2)
  const keys = [PARTITION_COUNT, markKey(COMMON, 1)]
  const followers: ((partitions: number) => void)[] = []
  let known: readonly Partition[] | null = null
  const read = async (): Promise<number> => {
    const own = durable() ?? known?.length ?? ''
    const number = Number(await claim([...keys, own, setting ?? DEFAULT_PARTITIONS]))
    if (!isPartitionCount(number)) {
      throw storeUnavailable(new Error(`the sessions are in ${number} partitions`))
    }
    if (known?.length !== number && (durable() ?? number) === number) {
      known = sessionPartitions(number)
      for (const listener of followers) listener(number)
    }
    return number
  }
  const all = async (): Promise<readonly Partition[]> => {
    if (known === null) await read()
    if (known !== null) return known
    throw storeUnavailable(new Error('the database has another number of partitions than Redis'))
  }
  return {
    all,
    of: async (subject) => partitionOf(subject, known ?? (await all())),
    read,
    onNumber(listener) {
      followers.push(listener)
      if (known !== null) listener(known.length)
    }
  }
}

/** Partitions whose number is given. */
export function fixedPartitions(number: number): SessionPartitions {
  const partitions = sessionPartitions(number)
  return {
    all: async () => partitions,
    of: async (subject) => partitionOf(subject, partitions)
  }
}
