import { setTimeout as sleep } from 'node:timers/promises'
import { ANNOUNCEMENT_LIFE_MS, type Fleet, MOST_GATEWAYS } from '@gatehouse/fleet/fleet'
import { fleetUnavailable, tooManyGateways } from '../../refusals.ts'

/** Whether a key may sign: every live gateway must have it. */
export type GatewayAcknowledgement = {
  /**
   * The names of the live gateways that do not have the key.
   * @throws Refusal UNAVAILABLE if the live gateways are not known, or not all of them
   */
  missing(kid: string): Promise<string[]>
  /** The same, after waiting for these gateways. `onMissing` is called once, if there are any. */
  missingAfterWait(kid: string, onMissing: () => Promise<void>): Promise<string[]>
}

type AcknowledgementOptions = {
  readonly fleet: Pick<Fleet, 'live'>
  readonly monotonicClock: () => number
  /** ends the wait: the process drains */
  readonly signal: AbortSignal
  readonly pause?: (milliseconds: number) => Promise<unknown>
}

/** Longer than a killed gateway still counts as live, so that it does not block the operation. */
const WAIT_MS = ANNOUNCEMENT_LIFE_MS + 5000
const LOOK_MS = 200

export function gatewayAcknowledgement(options: AcknowledgementOptions): GatewayAcknowledgement {
  const { fleet, monotonicClock, signal, pause = sleep } = options
  const missing = async (kid: string): Promise<string[]> => {
    const live = await fleet.live().catch((error) => {
      throw fleetUnavailable(error)
    })
    if (live.length >= MOST_GATEWAYS) throw tooManyGateways(MOST_GATEWAYS)
    return live.filter(({ kids }) => !kids.includes(kid)).map(({ name }) => name)
  }
  return {
    missing,
    async missingAfterWait(kid, onMissing) {
      const deadlineMs = monotonicClock() + WAIT_MS
      let names = await missing(kid)
      if (names.length > 0) await onMissing()
      while (names.length > 0 && monotonicClock() < deadlineMs && !signal.aborted) {
        await pause(LOOK_MS)
        names = await missing(kid)
      }
      return names
    }
  }
}
