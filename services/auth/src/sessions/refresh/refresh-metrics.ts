import { Counter, type Registry } from 'prom-client'
import { type Outcome, outcomes } from '../families/outcome.ts'

/** Counts presented refresh tokens. */
export function refreshMetrics(registry: Registry): (outcome: Outcome) => void {
  const refreshes = new Counter({
    name: 'auth_refresh_total',
    help: 'Refresh tokens presented, by outcome',
    labelNames: ['outcome'],
    registers: [registry]
  })
  // Without a zero, `increase()` of Prometheus does not see the first replayed token of a process.
  for (const outcome of outcomes) refreshes.inc({ outcome }, 0)
  return (outcome) => refreshes.inc({ outcome })
}
