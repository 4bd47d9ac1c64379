import { Counter, type Registry } from 'prom-client'
import { providerFaultKinds } from './protocol/provider-fault.ts'

const outcomes = ['accepted', ...providerFaultKinds] as const
export type ProviderOutcome = (typeof outcomes)[number]

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
