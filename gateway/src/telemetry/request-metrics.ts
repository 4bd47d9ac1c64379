import { Durations } from '@gatehouse/process/durations'
import { Counter, type Registry } from 'prom-client'
import { methods } from '../routes/entry/methods.ts'
import { statusClassOf } from './access-log.ts'
import { methodOf, type Served } from './served.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const known = new Set<string>(methods)
const labelOf = (method: string): string => (known.has(method) ? method : 'other')

/**
 * Counts requests. No label contains a value that a client chooses: without a route, `route` is
 * `none`.
 */
export function requestMetrics(metrics: Registry): (served: Served) => void {
  const registers = [metrics]
  const byRequest = { labelNames: ['route', 'method', 'status'], buckets: SECONDS, registers }
  const duration = new Durations({
    name: 'gateway_request_duration_seconds',
    help: 'From the headers of a request to the end of its response',
    ...byRequest
  })
  const verification = new Durations({
    name: 'gateway_verification_duration_seconds',
    help: 'From the headers of a subrequest of a proxy to the end of the response',
    ...byRequest
  })
  const refusals = new Counter({
    name: 'gateway_refusals_total',
    help: 'Responses that the gateway itself produced, by code',
    labelNames: ['route', 'code'],
    registers
  })
  const upstream = new Durations({
    name: 'gateway_upstream_duration_seconds',
    help: 'From the request to a service to the headers of its response',
    labelNames: ['address'],
    buckets: SECONDS,
    registers
  })
  const broken = new Counter({
    name: 'gateway_broken_answers_total',
    help: 'Responses that did not reach the client completely',
    labelNames: ['route'],
    registers
  })
  const calls = new Counter({
    name: 'gateway_grpc_calls_total',
    help: 'gRPC calls that have ended with a status, including those that the gateway refused',
    labelNames: ['route', 'status'],
    registers
  })
  return ({ request, trail, status, isWhole, seconds, code }) => {
    const route = trail.route?.name ?? 'none'
    // The duration of a WebSocket says nothing about the speed of requests.
    if (!trail.isWebSocket) {
      const method = labelOf(methodOf({ request, trail }))
      const histogram = trail.isVerification ? verification : duration
      const statusClass = statusClassOf(status)
      const labels = () => ({ route, method, status: statusClass })
      histogram.note(`${route} ${method} ${statusClass}`, seconds, labels)
    }
    if (code !== null) refusals.inc({ route, code })
    else if (!isWhole) broken.inc({ route })
    if (trail.grpcStatus !== null) calls.inc({ route, status: trail.grpcStatus })
    const { upstream: address, askedMs, answeredMs } = trail
    if (address !== null && answeredMs > 0) {
      upstream.note(address, (answeredMs - askedMs) / 1000, () => ({ address }))
    }
  }
}
