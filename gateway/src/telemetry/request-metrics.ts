import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { methods } from '../routes/methods.ts'
import type { AccessTokenVerifier } from '../tokens/access-token-verifier.ts'
import type { KeptForTokens } from '../tokens/kept-for-tokens.ts'
import { statusClassOf } from './access-log.ts'
import type { Served } from './served.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const known = new Set<string>(methods)
const methodOf = (method: string): string => (known.has(method) ? method : 'other')

/**
 * Counts requests. No label contains a value that a client chooses: without a route, `route` is
 * `none`.
 */
export function requestMetrics(metrics: Registry): (served: Served) => void {
  const registers = [metrics]
  const duration = new Histogram({
    name: 'gateway_request_duration_seconds',
    help: 'From the head of a request to the end of its answer',
    labelNames: ['route', 'method', 'status'],
    buckets: SECONDS,
    registers
  })
  const refusals = new Counter({
    name: 'gateway_refusals_total',
    help: 'Answers that the gateway itself produced, by code',
    labelNames: ['route', 'code'],
    registers
  })
  const upstream = new Histogram({
    name: 'gateway_upstream_duration_seconds',
    help: 'From the request to a service to the head of its answer',
    labelNames: ['address'],
    buckets: SECONDS,
    registers
  })
  const broken = new Counter({
    name: 'gateway_broken_answers_total',
    help: 'Answers that the client did not get to the end',
    labelNames: ['route'],
    registers
  })
  return ({ request, trail, status, isWhole, seconds, code }) => {
    const route = trail.route?.name ?? 'none'
    // The duration of a WebSocket says nothing about the speed of requests.
    if (!trail.isWebSocket) {
      const labels = { route, method: methodOf(request.method), status: statusClassOf(status) }
      duration.observe(labels, seconds)
    }
    if (code !== null) refusals.inc({ route, code })
    else if (!isWhole) broken.inc({ route })
    if (trail.upstream !== null && trail.answeredMs > 0) {
      upstream.observe({ address: trail.upstream }, (trail.answeredMs - trail.askedMs) / 1000)
    }
  }
}

/** Shows the outcomes of access tokens. The verifier counts them, since every request passes it. */
export function verifierMetrics(
  metrics: Registry,
  { figures }: Pick<AccessTokenVerifier, 'figures'>,
  { bytes }: Pick<KeptForTokens, 'bytes'>
): void {
  const registers = [metrics]
  new Counter({
    name: 'gateway_token_verifications_total',
    help: 'Access tokens by outcome: remembered (verified earlier), verified, or refused',
    labelNames: ['outcome'],
    registers,
    collect() {
      const { remembered, verified, refused } = figures()
      this.reset()
      for (const [outcome, count] of Object.entries({ remembered, verified, refused })) {
        this.inc({ outcome }, count)
      }
    }
  })
  new Gauge({
    name: 'gateway_remembered_tokens',
    help: 'Access tokens whose verification is remembered',
    registers,
    collect() {
      this.set(figures().entries)
    }
  })
  new Gauge({
    name: 'gateway_remembered_token_bytes',
    help: 'How much of GATEWAY_TOKEN_CACHE_BYTES the remembered tokens use',
    registers,
    collect() {
      this.set(figures().bytes)
    }
  })
  new Gauge({
    name: 'gateway_assertion_bytes',
    help: 'Memory for signed assertions and claims that routes name, at most GATEWAY_TOKEN_CACHE_BYTES',
    registers,
    collect() {
      this.set(bytes())
    }
  })
}
