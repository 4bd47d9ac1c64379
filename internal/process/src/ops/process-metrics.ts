import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { release } from './release.ts'

/**
 * The metrics of a process: those of Node.js, its version, and those that the process adds.
 * @param service the prefix of its metrics
 */
export function processMetrics(service: string): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  new Gauge({
    name: `${service}_build_info`,
    help: 'Always 1. The labels are the version of Gatehouse and of Node.js',
    labelNames: ['version', 'nodejs'],
    aggregator: 'first',
    registers: [registry]
  }).set({ version: release(), nodejs: process.versions.node }, 1)
  return registry
}
