import { Counter, type Registry } from 'prom-client'

/** The metrics of the auth service. */
export function authMetrics(registry: Registry) {
  return {
    refreshes: new Counter({
      name: 'auth_refresh_total',
      help: 'Refresh tokens presented, by outcome',
      labelNames: ['outcome'],
      registers: [registry]
    })
  }
}

export type AuthMetrics = ReturnType<typeof authMetrics>
