import { readFileSync } from 'node:fs'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/** The package of the whole system: its version is the release. */
const MANIFEST = new URL('../../../../package.json', import.meta.url)

/**
 * The metrics of a process: those of Node.js, its version, and those that the process adds.
 * @param service the prefix of its metrics
 */
export function processMetrics(service: string): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  const { version }: { version: string } = JSON.parse(readFileSync(MANIFEST, 'utf8'))
  new Gauge({
    name: `${service}_build_info`,
    help: 'Always 1. The labels are the version of Gatehouse and of Node.js',
    labelNames: ['version', 'nodejs'],
    aggregator: 'first',
    registers: [registry]
  }).set({ version, nodejs: process.versions.node }, 1)
  return registry
}
