import type { FastifyReply, FastifyRequest } from 'fastify'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { HashQueueWatch } from './accounts/hash-queue.ts'
import { auditMetrics } from './audit/audit-metrics.ts'
import { databaseMetrics } from './database/database-metrics.ts'
import { type ExchangeRefusal, exchangeRefusals } from './oauth/refused-exchange.ts'
import { outcomes } from './sessions/families/outcome.ts'
import { storeMetrics } from './telemetry/store-metrics.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** The metrics of the auth service. */
export function authMetrics(registry: Registry) {
  const registers = [registry]
  const refreshes = new Counter({
    name: 'auth_refresh_total',
    help: 'Refresh tokens presented, by outcome',
    labelNames: ['outcome'],
    registers
  })
  // Without a zero, `increase()` of Prometheus does not see the first replayed token of a process.
  for (const outcome of outcomes) refreshes.inc({ outcome }, 0)
  const audit = auditMetrics(registry)
  const stores = storeMetrics(registry)
  return {
    refreshes,
    served: requestMetrics(registry),
    exchangeRefused: exchangeMetrics(registry),
    factorAnswered: factorMetrics(registry),
    hashQueue: hashQueueMetrics(registry),
    audit,
    stores,
    database: databaseMetrics(registry, stores, audit)
  }
}

export type AuthMetrics = ReturnType<typeof authMetrics>

/** Counts requests. No label contains a value that a client chooses. */
function requestMetrics(registry: Registry) {
  const duration = new Histogram({
    name: 'auth_request_duration_seconds',
    help: 'From the headers of a request to the end of its response',
    labelNames: ['route', 'status'],
    buckets: SECONDS,
    registers: [registry]
  })
  return ({ routeOptions }: FastifyRequest, { statusCode, elapsedTime }: FastifyReply): void => {
    duration.observe({ route: routeOptions.url ?? 'none', status: statusCode }, elapsedTime / 1000)
  }
}

/** Exchanges that succeed are audit events, and are counted as such. */
function exchangeMetrics(registry: Registry): (reason: ExchangeRefusal) => void {
  const refused = new Counter({
    name: 'auth_token_exchanges_refused_total',
    help: 'Token exchanges that were refused, by reason',
    labelNames: ['reason'],
    registers: [registry]
  })
  for (const reason of exchangeRefusals) refused.inc({ reason }, 0)
  return (reason) => refused.inc({ reason })
}

/** Answers to the question for a second factor that were compared. */
function factorMetrics(registry: Registry) {
  const answers = new Counter({
    name: 'auth_factor_answers_total',
    help: 'Second factors that were compared, by factor and outcome',
    labelNames: ['factor', 'outcome'],
    registers: [registry]
  })
  for (const factor of ['totp', 'recovery_code'] as const) {
    for (const outcome of ['right', 'wrong'] as const) answers.inc({ factor, outcome }, 0)
  }
  return (factor: 'totp' | 'recovery_code', outcome: 'right' | 'wrong'): void =>
    answers.inc({ factor, outcome })
}

function hashQueueMetrics(registry: Registry): HashQueueWatch {
  const registers = [registry]
  const waiting = new Gauge({
    name: 'auth_password_hashes_waiting',
    help: 'Password hashes that wait for a thread',
    registers
  })
  const wait = new Histogram({
    name: 'auth_password_hash_wait_seconds',
    help: 'How long a password hash waited for a thread',
    buckets: SECONDS,
    registers
  })
  const refused = new Counter({
    name: 'auth_password_hashes_refused_total',
    help: 'Password hashes that were refused because too many waited',
    registers
  })
  return {
    waiting: (count) => waiting.set(count),
    waited: (seconds) => wait.observe(seconds),
    refused: () => refused.inc()
  }
}
