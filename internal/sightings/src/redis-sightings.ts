import { readFileSync } from 'node:fs'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { masterScript } from '@gatehouse/redis/master-script'
import { COMMON, keyIn, type Partition, partitionOf } from '@gatehouse/redis/partitions'
import type { Sighting, TakeSightings } from './sighting.ts'

/**
 * The sightings that are not yet in the families' records: a hash from session and account to
 * generation. The auth services move them into the records. The key is in the same cluster slot as
 * the families.
 */
export const sightingsKey = (partition: Partition): string => keyIn(partition, 'sightings')

export const SIGHTINGS = sightingsKey(COMMON)

export const sightingField = ({ sid, subject }: Omit<Sighting, 'generation'>): string =>
  `${sid} ${subject}`

/** The session and the account of a field; null if the field has another form. */
export function readSightingField(field: string): Omit<Sighting, 'generation'> | null {
  const [sid, subject, ...more] = field.split(' ')
  return sid === undefined || subject === undefined || more.length > 0 ? null : { sid, subject }
}

/** Above this size, new sessions are ignored: perhaps no auth service runs that moves them. */
const MOST = 1_000_000
/** Auth services move sightings within a second, so an older hash was abandoned. */
const LIFE_SECONDS = 86_400

const source = new URL('../lua/note-sightings.lua', import.meta.url)

/**
 * Writes only this one key of each partition, so that a gateway needs no right to write families.
 * @param partitions those that have the sessions
 */
export function redisSightings(
  redis: RedisConnection,
  partitions: () => readonly Partition[] | Promise<readonly Partition[]> = () => [COMMON]
): TakeSightings {
  const command = 'gatehouse-note-sightings'
  redis.defineCommand(command, {
    numberOfKeys: 1,
    lua: masterScript(readFileSync(source, 'utf8'))
  })
  const send = Reflect.get(redis, command) as (args: (string | number)[]) => Promise<unknown>
  const take = async (partition: Partition, batch: readonly Sighting[]): Promise<void> => {
    const pairs = batch.flatMap((one) => [sightingField(one), one.generation])
    await send.call(redis, [sightingsKey(partition), MOST, LIFE_SECONDS, ...pairs])
  }
  return async (batch) => {
    const known = await partitions()
    const parts = Map.groupBy(batch, ({ subject }) => partitionOf(subject, known))
    const taken = await Promise.allSettled([...parts].map(([of, part]) => take(of, part)))
    // Reporting the other parts again is harmless.
    for (const one of taken) if (one.status === 'rejected') throw one.reason
  }
}
