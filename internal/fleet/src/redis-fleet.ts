import type { RedisConnection } from '@gatehouse/redis/connection'
import { Value } from 'typebox/value'
import {
  ANNOUNCEMENT_LIFE_MS,
  Announcement,
  type Fleet,
  KEY_LIFE_MS,
  type LiveGateway,
  MOST_GATEWAYS
} from './fleet.ts'
import { fleetScripts } from './fleet-scripts.ts'
import { redisQuestions } from './redis-questions.ts'

/** One hash tag, so that all keys are in the same slot of a cluster. */
export const GATEWAYS = 'gatehouse:{gateways}'
const keyOf = (id: string) => `${GATEWAYS}:${id}`
/**
 * a sorted set: the keys for verifying assertions, and when their gateways last announced them (ms
 * since 1970)
 */
const ASSERTION_KEYS = `${GATEWAYS}:assertion-keys`
/**
 * Above this, the oldest keys are dropped: gateways that crash and restart in a loop must not make
 * the key set grow without limit.
 */
const MOST_KEYS = 256
/** How many ids are looked up to list live gateways: some may belong to gateways that are gone. */
const MOST_READ = 4 * MOST_GATEWAYS

/** in bytes; a longer announcement, id or key is ignored */
const LONGEST_ANNOUNCEMENT = 128 * 1024
const LONGEST_ID = 256
const LONGEST_KEY = 1024

/**
 * The fleet in Redis: a key for each gateway, which expires by Redis' own clock.
 * @param clock of this process; clocks of processes may differ by minutes, because keys are
 * published for a day
 * @param onExcess is called with the number of announced gateways when `live` begins to list only
 * some of them
 */
export function redisFleet(
  redis: RedisConnection,
  clock: () => number = Date.now,
  onExcess: (announced: number) => void = () => {}
): Fleet {
  const listing = gatewayListing(onExcess)
  const scripts = fleetScripts(redis)
  const announcements = (ids: readonly string[]) =>
    scripts.announcements(ids.map(keyOf), LONGEST_ANNOUNCEMENT)
  const publish = async (assertionJwk: string): Promise<void> => {
    await redis.zadd(ASSERTION_KEYS, clock(), assertionJwk)
    await redis.zremrangebyscore(ASSERTION_KEYS, '-inf', String(clock() - KEY_LIFE_MS))
    await redis.zremrangebyscore(ASSERTION_KEYS, String(clock() + KEY_LIFE_MS), '+inf')
    await redis.zremrangebyrank(ASSERTION_KEYS, 0, -MOST_KEYS - 1)
    await redis.pexpire(ASSERTION_KEYS, 2 * KEY_LIFE_MS)
  }
  const forget = async (ids: string[]): Promise<void> => {
    await redis.srem(GATEWAYS, ids)
    // A gateway may have announced itself again before its name was removed, and would be missing
    // until its next announcement.
    const [texts] = await announcements(ids)
    const back = ids.filter((_, index) => texts[index] !== null)
    if (back.length > 0) await redis.sadd(GATEWAYS, back)
  }
  return {
    questions: redisQuestions(scripts, GATEWAYS, clock),
    async announce(announcement) {
      await redis.set(
        keyOf(announcement.id),
        JSON.stringify(announcement),
        'PX',
        ANNOUNCEMENT_LIFE_MS
      )
      await redis.sadd(GATEWAYS, announcement.id)
      await publish(announcement.assertionJwk)
    },
    async leave(id) {
      const left = decode(await redis.get(keyOf(id)))
      for (const { assertionJwk } of left) await redis.zrem(ASSERTION_KEYS, assertionJwk)
      await redis.del(keyOf(id))
      await redis.srem(GATEWAYS, id)
    },
    assertionJwks: () => scripts.lastMembers(ASSERTION_KEYS, LONGEST_KEY, MOST_KEYS),
    async live() {
      const bounds = { longest: LONGEST_ID, most: MOST_READ }
      // Those that were listed before come first, so that a flood of others does not hide them.
      const [announced, ids] = await scripts.someMembers(GATEWAYS, bounds, listing.known())
      if (ids.length === 0) return listing.listed([], 0)
      const [texts, leftMs] = await announcements(ids)
      const gone = ids.filter((_, index) => texts[index] === null)
      if (gone.length > 0) await forget(gone)
      const live = texts.flatMap((text, index) =>
        decode(text).map((one) => ({ ...one, silentMs: silentMs(leftMs[index] ?? 0) }))
      )
      return listing.listed(live, announced - gone.length)
    }
  }
}

/** Whoever can write to the store can set any expiry, or none. */
const silentMs = (leftMs: number): number =>
  Math.min(ANNOUNCEMENT_LIFE_MS, Math.max(0, ANNOUNCEMENT_LIFE_MS - Math.max(0, leftMs)))

/** Chooses which gateways are listed if too many are announced. */
function gatewayListing(onExcess: (announced: number) => void) {
  let known: ReadonlySet<string> = new Set()
  let isExcess = false
  return {
    /** those that were listed before */
    known: () => known,
    /** @param announced how many ids remain in the store */
    listed(live: readonly LiveGateway[], announced: number): LiveGateway[] {
      const list = live.slice(0, MOST_GATEWAYS)
      known = new Set(list.map(({ id }) => id))
      const wasExcess = isExcess
      isExcess = announced > MOST_GATEWAYS
      if (isExcess && !wasExcess) onExcess(announced)
      return list
    }
  }
}

/**
 * A text that is not a valid announcement is ignored. A gateway of another version may have other
 * vitals. It is live without them, because a key rotation waits for every live gateway.
 */
function decode(text: string | null): Announcement[] {
  if (text === null) return []
  const value = readJson(text)
  if (Value.Check(Announcement, value)) return [value]
  if (typeof value !== 'object' || value === null || !('vitals' in value)) return []
  const { vitals: _, ...rest } = value
  return Value.Check(Announcement, rest) ? [rest] : []
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
