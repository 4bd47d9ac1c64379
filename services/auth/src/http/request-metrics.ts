import type { FastifyReply, FastifyRequest } from 'fastify'
import { Histogram, type Registry } from 'prom-client'
import { LATENCY_SECONDS } from '../telemetry/latency-seconds.ts'

/** Counts and times requests. No label contains a value that a client chooses. */
export function requestMetrics(registry: Registry) {
  const duration = new Histogram({
    name: 'auth_request_duration_seconds',
    help: 'From the headers of a request to the end of its response',
    labelNames: ['route', 'status'],
    buckets: LATENCY_SECONDS,
    registers: [registry]
  })
  return ({ routeOptions }: FastifyRequest, { statusCode, elapsedTime }: FastifyReply): void => {
    duration.observe({ route: routeOptions.url ?? 'none', status: statusCode }, elapsedTime / 1000)
  }
}
