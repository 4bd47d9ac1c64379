import { Gauge, type Registry } from 'prom-client'
import type { PoolFigures } from './postgres-pools.ts'

const gauges = [
  { name: 'auth_database_connections', help: 'Open connections to PostgreSQL', figure: 'open' },
  {
    name: 'auth_database_connections_idle',
    help: 'Open connections to PostgreSQL that no call uses',
    figure: 'idle'
  },
  {
    name: 'auth_database_connections_limit',
    help: 'Maximum number of connections to PostgreSQL',
    figure: 'limit'
  },
  {
    name: 'auth_database_calls_waiting',
    help: 'Calls that wait for a connection to PostgreSQL',
    figure: 'waiting'
  }
] as const

/** Shows how much of the pool of connections to PostgreSQL is in use. */
export function poolMetrics(metrics: Registry, figures: () => PoolFigures): void {
  for (const { figure, ...gauge } of gauges) {
    new Gauge({
      ...gauge,
      registers: [metrics],
      collect() {
        this.set(figures()[figure])
      }
    })
  }
}
