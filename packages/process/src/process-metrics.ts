import { collectDefaultMetrics, Registry } from 'prom-client'

/** The metrics of a process: those of Node.js, and those that the process adds. */
export function processMetrics(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  return registry
}
