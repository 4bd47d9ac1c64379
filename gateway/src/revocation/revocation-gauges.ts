import { Gauge, type Registry } from 'prom-client'
import type { Revocations } from './follow-revocations.ts'

export function revocationGauges(metrics: Registry, revoked: Revocations): void {
  new Gauge({
    name: 'gateway_revocations',
    help: 'Revoked sessions, subjects and keys that have not expired yet',
    aggregator: 'max',
    registers: [metrics],
    collect() {
      this.set(revoked.size)
    }
  })
  new Gauge({
    name: 'gateway_revocations_unreadable',
    help: 'Entries of the revocation log that a newer version wrote and this gateway cannot read',
    aggregator: 'max',
    registers: [metrics],
    collect() {
      this.set(revoked.unreadable)
    }
  })
  new Gauge({
    name: 'gateway_revocation_staleness_seconds',
    help: 'Age of the last auth service heartbeat that was read from the revocation log',
    aggregator: 'max',
    registers: [metrics],
    collect() {
      this.set(revoked.stalenessSeconds())
    }
  })
}
