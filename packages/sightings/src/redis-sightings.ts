import { readFileSync } from 'node:fs'
import type { RedisConnection } from '@gatehouse/redis/connect-redis'
import { masterScript } from '@gatehouse/redis/master-script'
import type { Sighting, TakeSightings } from './sighting.ts'

/**
 * What was seen and is not yet in the records of the families: a hash of generations by session and account. The auth service
 * moves them into the records. In the same slot of a cluster as the families.
 */
export const SIGHTINGS = 'gatehouse:{sessions}:sightings'

export const sightingField = ({ sid, subject }: Omit<Sighting, 'generation'>): string =>
  `${sid} ${subject}`

/** The session and the account of a field; null for what is no field of ours. */
export function readSightingField(field: string): Omit<Sighting, 'generation'> | null {
  const [sid, subject, ...more] = field.split(' ')
  return sid === undefined || subject === undefined || more.length > 0 ? null : { sid, subject }
}

/** Over it a new one is not taken: no auth service may be there to move them. */
const MOST = 1_000_000
/** they are moved within a second; what is older was left behind */
const LIFE_SECONDS = 86_400

const source = new URL('../lua/note-sightings.lua', import.meta.url)

/** The families themselves are none of a gateway's business: it writes this one key. */
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
