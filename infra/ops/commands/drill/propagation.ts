import { setTimeout as sleep } from 'node:timers/promises'
import type { MonotonicClock } from '../../command.ts'
import { Refused } from '../../failures.ts'
import { REFUSED_WITHIN_MS } from './drill-ground.ts'
import type { PublicApi } from './public-api.ts'

/** how long to ask a gateway before the drill reports that it never refused */
const PATIENCE_MS = 5 * REFUSED_WITHIN_MS
const PAUSE_MS = 1
/**
 * the pause after `REFUSED_WITHIN_MS`, when the drill has failed and the exact time matters less
 */
const LATE_PAUSE_MS = 50

/**
 * The time from now at which each gateway answers that the session has ended, in milliseconds.
 * @throws Refused if a gateway did not, or answered something else
 */
export function refusedAfter(
  gateways: readonly PublicApi[],
  accessToken: string,
  monotonicClock: MonotonicClock
): Promise<number[]> {
  const begunMs = monotonicClock()
  const askedMs = performance.now()
  const untilRefused = async ({ me, url }: PublicApi): Promise<number> => {
    for (;;) {
      const { status, code } = await me(accessToken)
      if (code === 'SESSION_ENDED') return monotonicClock() - begunMs
      if (status !== 200) throw failed(`${url} answered ${code} instead of SESSION_ENDED.`)
      const passedMs = performance.now() - askedMs
      if (passedMs > PATIENCE_MS) throw failed(`${url} still accepts a revoked token.`)
      await sleep(passedMs < REFUSED_WITHIN_MS ? PAUSE_MS : LATE_PAUSE_MS)
    }
  }
  return Promise.all(gateways.map(untilRefused))
}

/** @throws Refused if a gateway refuses a valid token */
export async function takenByAll(gateways: readonly PublicApi[], accessToken: string) {
  for (const { status, code, url } of await Promise.all(
    gateways.map(async (gateway) => ({ url: gateway.url, ...(await gateway.me(accessToken)) }))
  )) {
    if (status !== 200) throw failed(`${url} answered ${code} to a valid token.`)
  }
}

export const failed = (detail: string) => new Refused('DRILL_FAILED', detail)

/** The percentile of the values (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
