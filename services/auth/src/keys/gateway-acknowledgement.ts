import { setTimeout as sleep } from 'node:timers/promises'
import { type Fleet, HEARTBEAT_LIFE_MS } from '@gatehouse/fleet/fleet'
import { fleetUnavailable } from '../refusals.ts'

/** Whether a key may sign: every live gateway holds it. */
export type GatewayAcknowledgement = {
  /**
   * The names of the live gateways that do not hold the key.
   * @throws Refusal UNAVAILABLE where nobody knows who is live
   */
  missing(kid: string): Promise<string[]>
  /** The same, after waiting for those. `onMissing` is called once, where there is somebody to wait for. */
  missingAfterWait(kid: string, onMissing: () => Promise<void>): Promise<string[]>
}

export type AcknowledgementOptions = {
  readonly fleet: Pick<Fleet, 'live'>
  readonly clock: () => number
  /** ends the waiting: the process drains */
  readonly signal: AbortSignal
  readonly pause?: (milliseconds: number) => Promise<unknown>
}

/** Longer than a gateway counts as live that was killed: it is not waited for in vain. */
const WAIT_MS = HEARTBEAT_LIFE_MS + 5000
const LOOK_MS = 200

export function gatewayAcknowledgement(options: AcknowledgementOptions): GatewayAcknowledgement {
  const { fleet, clock, signal, pause = sleep } = options
  const missing = async (kid: string): Promise<string[]> => {
    const live = await fleet.live().catch((error) => {
      throw fleetUnavailable(error)
    })
    return live.filter(({ kids }) => !kids.includes(kid)).map(({ name }) => name)
  }
  return {
    missing,
    async missingAfterWait(kid, onMissing) {
      const deadlineMs = clock() + WAIT_MS
      let names = await missing(kid)
      if (names.length > 0) await onMissing()
      while (names.length > 0 && clock() < deadlineMs && !signal.aborted) {
        await pause(LOOK_MS)
        names = await missing(kid)
      }
      return names
    }
  }
}
