import { Gauge, type Registry } from 'prom-client'
import type { PoolFigures } from './postgres-pools.ts'

/** Shows how much of the pool of connections to PostgreSQL is in use. */
export function poolMetrics(metrics: Registry, figures: () => PoolFigures): void {
  const registers = [metrics]
  new Gauge({
    name: 'auth_database_connections',
    help: 'Open connections to PostgreSQL',
    registers,
    collect() {
      this.set(figures().open)
    }
  })
  new Gauge({
    name: 'auth_database_connections_idle',
    help: 'Open connections to PostgreSQL that no call uses',
    registers,
    collect() {
      this.set(figures().idle)
    }
  })
  new Gauge({
    name: 'auth_database_connections_limit',
    help: 'Maximum number of connections to PostgreSQL',
    registers,
    collect() {
      this.set(figures().limit)
    }
  })
  new Gauge({
    name: 'auth_database_calls_waiting',
    help: 'Calls that wait for a connection to PostgreSQL',
    registers,
    collect() {
      this.set(figures().waiting)
    }
  })
}
