import type { RedisConnection } from '@gatehouse/redis/connection'
import { script } from '../../redis/script.ts'
import { ROWS, type Shape } from './count-min.ts'
import { GUESS_SHAPE } from './guess-counts.ts'
import { GUESS_CELL_BYTES, guessTable, guessTables } from './redis-guess-counts.ts'
import { REQUEST_CELL_BYTES, REQUEST_TABLE } from './redis-request-counts.ts'
import { REQUEST_SHAPE } from './request-counts.ts'

/**
 * Gives the count tables their full size, so that an attack takes no memory away from sessions.
 * @throws Refusal UNAVAILABLE, when the store does not answer
 */
export async function reserveTables(redis: RedisConnection): Promise<void> {
  const reserve = script(redis, 'reserve', 1)
  await Promise.all(tables().map(([name, bytes]) => reserve([name, bytes])))
}

/**
 * Reserves the tables whenever the connection is ready. A failure does no harm, because a table
 * also grows by itself.
 */
export function keepTablesReserved(redis: RedisConnection): void {
  const reserve = () => void reserveTables(redis).catch(() => {})
  if (redis.status === 'ready') reserve()
  redis.on('ready', reserve)
}

/** The name and the size in bytes of each table. */
function tables(): [string, number][] {
  const guesses = guessTables.flatMap((table) =>
    Array.from({ length: GUESS_SHAPE.parts }, (_, part): [string, number] => [
      guessTable(table, part),
      bytesOfPart(GUESS_SHAPE, GUESS_CELL_BYTES)
    ])
  )
  return [...guesses, [REQUEST_TABLE, bytesOfPart(REQUEST_SHAPE, REQUEST_CELL_BYTES)]]
}

const bytesOfPart = ({ columns }: Shape, cellBytes: number): number => ROWS * columns * cellBytes
