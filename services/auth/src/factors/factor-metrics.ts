import { Counter, type Registry } from 'prom-client'

const factors = ['totp', 'recovery_code'] as const
const outcomes = ['right', 'wrong'] as const

/** Counts the answers with a second factor. */
export type FactorMetrics = {
  factorAnswered(factor: (typeof factors)[number], outcome: (typeof outcomes)[number]): void
}

export function factorMetrics(registry: Registry): FactorMetrics {
  const answers = new Counter({
    name: 'auth_factor_answers_total',
    help: 'Second factors that were compared, by factor and outcome',
    labelNames: ['factor', 'outcome'],
    registers: [registry]
  })
  for (const factor of factors) {
    for (const outcome of outcomes) answers.inc({ factor, outcome }, 0)
  }
  return { factorAnswered: (factor, outcome) => answers.inc({ factor, outcome }) }
}
