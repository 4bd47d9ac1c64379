import { readFileSync } from 'node:fs'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { masterScript } from '@gatehouse/redis/master-script'
import { sessionKey } from '@gatehouse/redis/session-key'
import type { Sighting, TakeSightings } from './sighting.ts'

/**
 * The sightings that are not yet in the families' records: a hash from session and account to
 * generation. The auth services move them into the records. The key is in the same cluster slot as
 * the families.
 */
export const SIGHTINGS = sessionKey('sightings')

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

/** Writes only this one key, so that a gateway needs no right to write families. */
export function redisSightings(redis: RedisConnection): TakeSightings {
  const command = 'gatehouse-note-sightings'
  redis.defineCommand(command, {
    numberOfKeys: 1,
    lua: masterScript(readFileSync(source, 'utf8'))
  })
  const send = Reflect.get(redis, command) as (args: (string | number)[]) => Promise<unknown>
  return async (batch) => {
    const pairs = batch.flatMap((one) => [sightingField(one), one.generation])
    await send.call(redis, [SIGHTINGS, MOST, LIFE_SECONDS, ...pairs])
  }
}
