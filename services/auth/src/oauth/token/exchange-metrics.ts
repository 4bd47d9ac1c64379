import { Counter, type Registry } from 'prom-client'
import { type ExchangeRefusal, exchangeRefusals } from './refused-exchange.ts'

/** Counts refused exchanges. Those that succeed are audit events, and are counted as such. */
export function exchangeMetrics(registry: Registry): (reason: ExchangeRefusal) => void {
  const refused = new Counter({
    name: 'auth_token_exchanges_refused_total',
    help: 'Token exchanges that were refused, by reason',
    labelNames: ['reason'],
    registers: [registry]
  })
  for (const reason of exchangeRefusals) refused.inc({ reason }, 0)
  return (reason) => refused.inc({ reason })
}
