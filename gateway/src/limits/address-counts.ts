import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { RedisConnection } from '@gatehouse/redis/connection'
import { masterScript } from '@gatehouse/redis/master-script'
import type { Limit } from '../routes/entry/route.ts'

/** Above its limit: how long the caller must wait. Null: within it. */
type Over = { readonly retryAfterSeconds: number } | null

/**
 * Counts the requests of addresses for all gateways, in a table of fixed size per limit and window.
 * Strangers choose their addresses: with one key for each, they could fill the Redis that holds the
 * sessions, and a full Redis refuses every login and refresh. All windows of a limit have the same
 * length, and begin at multiples of it since 1970.
 * @param name of the limit, the same at all gateways
 */
type AddressCounts = (name: string, limit: Limit, address: string) => Promise<Over>

/** the beginning of the keys of all shared limits */
export const LIMITS = 'gatehouse:edge-limit:'
const TABLES = `${LIMITS}addresses:`
/** How much longer than its window a table lasts at most, because clocks of gateways differ. */
const MARGIN_SECONDS = 60
const source = new URL('../../lua/count-address.lua', import.meta.url)

export function redisAddressCounts(redis: RedisConnection, clock: () => number): AddressCounts {
  const command = 'gatehouse-count-address'
  redis.defineCommand(command, {
    numberOfKeys: 1,
    lua: masterScript(readFileSync(source, 'utf8'))
  })
  const send = Reflect.get(redis, command) as (args: (string | number)[]) => Promise<unknown>
  const salt = randomBytes(16).toString('hex')
  return async (name, { max, windowSeconds }, address) => {
    const seconds = clock() / 1000
    const window = Math.floor(seconds / windowSeconds)
    const secondsLeft = Math.ceil((window + 1) * windowSeconds - seconds)
    const table = `${TABLES}${name} ${window}`
    // So there are never more than three tables of a limit, however short its windows are.
    const lastsSeconds = secondsLeft + Math.min(MARGIN_SECONDS, windowSeconds)
    const count = Number(await send.call(redis, [table, address, salt, lastsSeconds]))
    return count > max ? { retryAfterSeconds: secondsLeft } : null
  }
}
