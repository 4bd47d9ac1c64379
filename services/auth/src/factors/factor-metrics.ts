import { Counter, type Registry } from 'prom-client'

const factors = ['totp', 'recovery_code', 'passkey', 'passkey_login'] as const
const outcomes = ['right', 'wrong'] as const

export type AnsweredFactor = (typeof factors)[number]

/** Counts the answers with a second factor, and those with a passkey instead of a password. */
export type FactorMetrics = {
  factorAnswered(factor: AnsweredFactor, outcome: (typeof outcomes)[number]): void
  /** The counter of a passkey was not higher than before. */
  counterRegressed(): void
}

export function factorMetrics(registry: Registry): FactorMetrics {
  const answers = new Counter({
    name: 'auth_factor_answers_total',
    help: 'Second factors, and passkeys instead of passwords, that were compared, by factor and outcome',
    labelNames: ['factor', 'outcome'],
    registers: [registry]
  })
  for (const factor of factors) {
    for (const outcome of outcomes) answers.inc({ factor, outcome }, 0)
  }
  const regressions = new Counter({
    name: 'auth_passkey_counter_regressions_total',
    help: 'Right answers of passkeys that were refused because the counter was not higher than before',
    registers: [registry]
  })
  return {
    factorAnswered: (factor, outcome) => answers.inc({ factor, outcome }),
    counterRegressed: () => regressions.inc()
  }
}
