import type { RedisConnection } from '@gatehouse/redis/connection'
import { bounded } from '../../redis/bounded.ts'
import { script } from '../../redis/script.ts'
import { FAILURES_KEPT_SECONDS, waitsSeconds } from './back-off.ts'
import { placeOf } from './count-min.ts'
import {
  GUESS_SHAPE,
  type GuessCounts,
  type GuessStores,
  KNOWN_KEPT_SECONDS,
  type KnownNetworks,
  MOST_FAILURES
} from './guess-counts.ts'

/** the number of networks that are stored per account: those of its latest logins */
const NETWORKS_OF_AN_ACCOUNT = 16
/** bytes of a network's digest that are stored; enough, because an account has so few networks */
const NETWORK_BYTES = 9

/**
 * For several instances, which count together. Both tables are strings of 320 KiB per part, 20 MiB
 * in total. Only logins make networks known to an account.
 */
export const redisGuessStores = (redis: RedisConnection, clock: () => number): GuessStores => ({
  strangers: redisGuessCounts(redis, clock, 'strangers'),
  known: redisGuessCounts(redis, clock, 'known'),
  networks: redisKnownNetworks(redis, clock)
})

export const guessTables = ['strangers', 'known'] as const
type GuessTable = (typeof guessTables)[number]

export const GUESS_CELL_BYTES = 5
export const guessTable = (table: GuessTable, part: number): string =>
  `gatehouse:guesses:${table}:${part}`

function redisGuessCounts(
  redis: RedisConnection,
  clock: () => number,
  table: GuessTable
): GuessCounts {
  const guess = script(redis, 'guess', 1)
  const run = async (what: string, key: Buffer): Promise<number> => {
    const { part, cells } = placeOf(key, GUESS_SHAPE)
    const name = guessTable(table, part)
    const limits = [FAILURES_KEPT_SECONDS, MOST_FAILURES]
    return Number(await guess([name, what, clock(), ...limits, ...cells, ...waitsSeconds]))
  }
  return {
    wait: (key) => run('wait', key),
    take: (key) => run('take', key),
    async giveBack(key) {
      await run('give-back', key)
    },
    async forget(key) {
      await run('forget', key)
    }
  }
}

/** @param account its digest */
export const knownNetworks = (account: string): string => `gatehouse:known:${account}`

function redisKnownNetworks(redis: RedisConnection, clock: () => number): KnownNetworks {
  const knowNetwork = script(redis, 'know-network', 1)
  const name = (account: Buffer) => knownNetworks(account.toString('base64url'))
  const member = (network: Buffer) => network.toString('base64url', 0, NETWORK_BYTES)
  return {
    async add(account, network) {
      const limits = [KNOWN_KEPT_SECONDS, NETWORKS_OF_AN_ACCOUNT]
      await knowNetwork([name(account), member(network), clock(), ...limits])
    },
    async has(account, network) {
      const seenMs = await bounded(() => redis.zscore(name(account), member(network)))
      return seenMs !== null && clock() < Number(seenMs) + KNOWN_KEPT_SECONDS * 1000
    }
  }
}
