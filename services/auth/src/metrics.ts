import { Counter, type Registry } from 'prom-client'
import { outcomes } from './sessions/outcome.ts'

/** The metrics of the auth service. */
export function authMetrics(registry: Registry) {
  const refreshes = new Counter({
    name: 'auth_refresh_total',
    help: 'Refresh tokens presented, by outcome',
    labelNames: ['outcome'],
    registers: [registry]
  })
  // Without a zero, `increase()` of Prometheus does not see the first replayed token of a process.
  for (const outcome of outcomes) refreshes.inc({ outcome }, 0)
  return { refreshes }
}

export type AuthMetrics = ReturnType<typeof authMetrics>
