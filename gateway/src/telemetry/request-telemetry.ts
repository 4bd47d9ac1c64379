import type { Tracing } from '@gatehouse/tracing/tracing'
import type { Registry } from 'prom-client'
import { requestMetrics } from './request-metrics.ts'
import { type RequestSpans, requestSpans } from './request-spans.ts'
import type { RequestTally } from './request-tally.ts'
import type { Served } from './served.ts'

/** What leaves the gateway about each request. */
export type RequestTelemetry = {
  /** records the spans of requests; null: no traces are exported */
  readonly spans: RequestSpans | null
  /** Records a request that has ended. */
  onServed(served: Served): void
}

type Outputs = {
  readonly metrics: Registry
  /** null: there is no access log */
  readonly logRequest: ((served: Served) => void) | null
  /** null: no traces are exported */
  readonly tracing: Tracing | null
  /** for operators */
  readonly tally: Pick<RequestTally, 'note'>
}

export function requestTelemetry({
  metrics,
  logRequest,
  tracing,
  tally
}: Outputs): RequestTelemetry {
  const count = requestMetrics(metrics)
  const spans = tracing === null ? null : requestSpans(tracing)
  return {
    spans,
    onServed(served) {
      count(served)
      tally.note(served)
      logRequest?.(served)
      spans?.end(served)
    }
  }
}
