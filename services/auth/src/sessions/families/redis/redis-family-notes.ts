import type { RedisConnection } from '@gatehouse/redis/connection'
import type { Partition } from '@gatehouse/redis/partitions'
import { readSightingField, sightingsKey } from '@gatehouse/sightings/redis-sightings'
import { bounded } from '../../../redis/bounded.ts'
import { answered } from '../answered.ts'
import { readNotes } from '../end-notes.ts'
import type { Unrecorded } from '../families.ts'
import { unrecordedKey } from './redis-family-keys.ts'
import { call, type FamilyScripts } from './redis-family-scripts.ts'

/** Reads the notes of ends in these partitions. One that does not answer affects no other. */
export async function readUnrecorded(
  redis: RedisConnection,
  partitions: readonly Partition[]
): Promise<Unrecorded> {
  const { values, fault } = await answered(
    partitions.map((partition) => bounded(() => redis.hgetall(unrecordedKey(partition))))
  )
  return { ...readNotes(values.flatMap((notes) => Object.entries(notes))), fault }
}

/** Moves the facts that `see` has kept beside the records into them. */
export async function settleSightings(
  redis: RedisConnection,
  scripts: FamilyScripts
): Promise<void> {
  const all = await scripts.partitions.all()
  const { fault } = await answered(
    all.map((partition) => settlePartition(redis, scripts, partition))
  )
  if (fault !== null) throw fault
}

async function settlePartition(
  redis: RedisConnection,
  scripts: FamilyScripts,
  partition: Partition
): Promise<void> {
  const key = sightingsKey(partition)
  let cursor = '0'
  do {
    const [next, pairs] = await bounded(() => redis.hscan(key, cursor, 'COUNT', 200))
    const fields = pairs.filter((_, index) => index % 2 === 0)
    await Promise.all(fields.map((field) => settleSighting(scripts, field)))
    cursor = next
  } while (cursor !== '0')
}

async function settleSighting(scripts: FamilyScripts, field: string): Promise<void> {
  const seen = readSightingField(field)
  // A field of another form is of a newer version, which will settle it.
  if (seen !== null) await call(scripts, scripts.see, seen.subject, [seen.sid, seen.subject])
}
