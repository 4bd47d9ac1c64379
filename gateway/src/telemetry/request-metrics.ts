import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { methods } from '../routes/methods.ts'
import type { AccessTokenVerifier } from '../tokens/access-token-verifier.ts'
import { statusClassOf } from './access-log.ts'
import type { Served } from './served.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const known = new Set<string>(methods)
const methodOf = (method: string): string => (known.has(method) ? method : 'other')

/** What of a request is counted. Nothing that a client chooses becomes a label: a name that no route has is `none`. */
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
    help: 'Requests that the gateway answered by itself, by the code of the answer',
    labelNames: ['route', 'code'],
    registers
  })
  const upstream = new Histogram({
    name: 'gateway_upstream_duration_seconds',
    help: 'From asking a service to the head of its answer',
    labelNames: ['address'],
    buckets: SECONDS,
    registers
  })
  const broken = new Counter({
    name: 'gateway_broken_answers_total',
    help: 'Answers of which the client did not get the end',
    labelNames: ['route'],
    registers
  })
  return ({ request, trail, status, isWhole, seconds, code }) => {
    const route = trail.route?.name ?? 'none'
    // An open WebSocket says nothing of how fast requests are.
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

/** What becomes of access tokens. Counted by the verifier itself, which stands in the way of every request. */
export function verifierMetrics(
  metrics: Registry,
  { figures }: Pick<AccessTokenVerifier, 'figures'>
): void {
  const registers = [metrics]
  new Counter({
    name: 'gateway_token_verifications_total',
    help: 'Access tokens by outcome: remembered from before, verified, or refused',
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
    help: 'What they take of GATEWAY_TOKEN_CACHE_BYTES',
    registers,
    collect() {
      this.set(figures().bytes)
    }
  })
}
