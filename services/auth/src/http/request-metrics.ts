import { Durations } from '@gatehouse/process/durations'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import { LATENCY_SECONDS } from '../telemetry/latency-seconds.ts'

/** Counts and times requests. No label contains a value that a client chooses. */
export function requestMetrics(registry: Registry) {
  const duration = new Durations({
    name: 'auth_request_duration_seconds',
    help: 'From the headers of a request to the end of its response',
    labelNames: ['route', 'status'],
    buckets: LATENCY_SECONDS,
    registers: [registry]
  })
  return ({ routeOptions }: FastifyRequest, { statusCode, elapsedTime }: FastifyReply): void => {
    const { url: route = 'none' } = routeOptions
    const labels = () => ({ route, status: String(statusCode) })
    duration.note(`${statusCode}${route}`, elapsedTime / 1000, labels)
  }
}
