import { setTimeout as sleep } from 'node:timers/promises'
import { EVERYTHING } from '@gatehouse/revocation/revocation'
import type { RequestSource } from '../audit/audit-event.ts'
import { AHEAD_SECONDS } from './stale-ahead.ts'
import type { StaleTokens } from './stale-tokens.ts'

/**
 * Makes all access tokens stale, of every subject; a refresh returns a valid one. `iat` counts
 * whole seconds, and after a change of rights it is a few seconds ahead. So this waits until every
 * earlier token is older than any later one.
 * @returns the time before which issued tokens are stale, in seconds since 1970
 */
export async function makeAllStale(
  stale: Pick<StaleTokens, 'makeAllStale' | 'publish'>,
  source: RequestSource,
  clock: () => number
): Promise<number> {
  const before = Math.floor(clock() / 1000) + AHEAD_SECONDS + 1
  await sleep(before * 1000 - clock())
  await stale.makeAllStale(before, source)
  await stale.publish(EVERYTHING)
  return before
}
