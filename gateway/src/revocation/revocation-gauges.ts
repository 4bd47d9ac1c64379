import { Gauge, type Registry } from 'prom-client'
import type { Revocations } from './follow-revocations.ts'

export function revocationGauges(metrics: Registry, revoked: Revocations): void {
  new Gauge({
    name: 'gateway_revocations',
    help: 'What is revoked and not yet expired: sessions, subjects, keys',
    registers: [metrics],
    collect() {
      this.set(revoked.size)
    }
  })
  new Gauge({
    name: 'gateway_revocation_staleness_seconds',
    help: 'Age of the last heartbeat of an auth service that was read from the log of revocations',
    registers: [metrics],
    collect() {
      this.set(revoked.stalenessSeconds())
    }
  })
}
