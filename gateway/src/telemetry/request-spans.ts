import { traceHeader } from '@gatehouse/edge-headers/names'
import { newSpanId, type TraceContext } from '@gatehouse/tracing/trace-context'
import type { Tracing } from '@gatehouse/tracing/tracing'
import { methodOf, type Served, type ServedRequest } from './served.ts'
import type { GatewaySpan, Trail } from './trail.ts'

/** The spans of requests: one of the gateway, and under it one of the request to a service. */
export type RequestSpans = {
  /** Begins the spans of a request, if its client samples the trace. */
  begin(headers: ServedRequest['headers'], trail: Pick<Trail, 'isVerification'>): GatewaySpan | null
  end(served: Served): void
}

/** What a service gets as `traceparent`: the span of the request to it. */
export const traceOf = (span: GatewaySpan | null): TraceContext | null =>
  span && { traceId: span.traceId, spanId: span.upstreamSpanId, sampled: true }

export function requestSpans(tracing: Pick<Tracing, 'begin' | 'end' | 'call'>): RequestSpans {
  return {
    begin(headers, trail) {
      const given = headers[traceHeader.traceparent]
      const span = tracing.begin(typeof given === 'string' ? given : undefined)
      if (span === null) return null
      // For a proxy that asks, the gateway asks no service, so the service's span belongs to that
      // of the gateway itself.
      return { ...span, upstreamSpanId: trail.isVerification ? span.spanId : newSpanId() }
    },
    end(served) {
      const { trail, request, status, code } = served
      const { span, upstream, askedMs, answeredMs } = trail
      if (span === null) return
      const requested = methodOf(served)
      const method = { 'http.request.method': requested }
      if (upstream !== null) {
        tracing.call(span, {
          spanId: span.upstreamSpanId,
          name: requested,
          startedMs: askedMs,
          endedMs: answeredMs > 0 ? answeredMs : performance.now(),
          failed: answeredMs === 0,
          attributes: { ...method, 'server.address': upstream }
        })
      }
      const route = trail.route?.name ?? 'none'
      tracing.end(span, {
        name: `${trail.isVerification ? 'verify ' : ''}${requested} ${route}`,
        failed: status === null || status >= 500,
        attributes: {
          ...method,
          'http.route': route,
          'http.response.status_code': status ?? undefined,
          'rpc.grpc.status_code': trail.grpcStatus ?? undefined,
          'error.type': code ?? undefined,
          'gatehouse.request_id': request.id
        }
      })
    }
  }
}
