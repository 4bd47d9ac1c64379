import { Counter, type Registry } from 'prom-client'
import type { ProviderFaultKind } from './protocol/provider-fault.ts'

export type ProviderOutcome = ProviderFaultKind | 'accepted'

const outcomes: readonly ProviderOutcome[] = ['accepted', 'denied', 'invalid', 'unavailable']

/** Counts the logins that come back from a provider, or cannot begin there. */
export type CountProviderLogin = (provider: string, outcome: ProviderOutcome) => void

export function providerMetrics(
  registry: Registry,
  providers: readonly { readonly id: string }[]
): CountProviderLogin {
  const logins = new Counter({
    name: 'auth_provider_logins_total',
    help: 'Logins that came back from another provider, or could not begin there, by provider and outcome',
    labelNames: ['provider', 'outcome'],
    registers: [registry]
  })
  for (const { id: provider } of providers) {
    for (const outcome of outcomes) logins.inc({ provider, outcome }, 0)
  }
  return (provider, outcome) => logins.inc({ provider, outcome })
}
