import { Counter, type Registry } from 'prom-client'

/** Counts where the states of accounts come from. */
export function cacheMetrics(registry: Registry): (source: 'memory' | 'database') => void {
  const reads = new Counter({
    name: 'auth_refresh_account_reads_total',
    help: 'States of accounts that refreshes needed, by source: memory or database',
    labelNames: ['source'],
    registers: [registry]
  })
  for (const source of ['memory', 'database']) reads.inc({ source }, 0)
  return (source) => reads.inc({ source })
}
