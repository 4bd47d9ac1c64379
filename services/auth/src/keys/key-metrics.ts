import { Gauge, type Registry } from 'prom-client'
import { activeOf, type KeyRecord } from './key-lifecycle.ts'
import { keyStates } from './signing-key.ts'

/**
 * Shows the signing keys.
 * @param rotationSeconds the period of the schedule; 0: there is none
 * @returns a function that takes the keys as they were read last
 */
export function keyMetrics(
  metrics: Registry,
  { rotationSeconds, clock }: { readonly rotationSeconds: number; readonly clock: () => number }
): (keys: readonly KeyRecord[]) => void {
  const registers = [metrics]
  let keys: readonly KeyRecord[] = []
  new Gauge({
    name: 'auth_signing_keys',
    help: 'Signing keys, by state',
    labelNames: ['state'],
    aggregator: 'max',
    registers,
    collect() {
      for (const state of keyStates) {
        this.set({ state }, keys.filter((key) => key.state === state).length)
      }
    }
  })
  new Gauge({
    name: 'auth_signing_key_age_seconds',
    help: 'How long the active signing key has been active',
    aggregator: 'max',
    registers,
    collect() {
      const active = activeOf(keys)
      if (active !== undefined) {
        this.set(clock() / 1000 - (active.activatedAt ?? active.createdAt))
      }
    }
  })
  new Gauge({
    name: 'auth_signing_key_rotation_seconds',
    help: 'How long a signing key stays active by the schedule; 0: there is no schedule',
    aggregator: 'max',
    registers
  }).set(rotationSeconds)
  return (read) => {
    keys = read
  }
}
