import { type Attributes, type Span, spanKind } from './span.ts'

const STATUS_ERROR = 2

/**
 * The JSON of an `ExportTraceServiceRequest` (OTLP 1.x,
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): ids in hex, 64-bit integers
 * as strings.
 */
export function otlpRequest(service: string, spans: readonly Span[]): string {
  const resource = { attributes: attributesOf({ 'service.name': service }) }
  const scopeSpans = [{ scope: { name: 'gatehouse' }, spans: spans.map(spanOf) }]
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] })
}

const spanOf = (span: Span) => ({
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentId,
  name: span.name,
  kind: spanKind[span.kind],
  startTimeUnixNano: unixNanos(span.startedMs),
  endTimeUnixNano: unixNanos(span.endedMs),
  attributes: attributesOf(span.attributes),
  status: span.failed ? { code: STATUS_ERROR } : {}
})

const attributesOf = (attributes: Attributes) =>
  Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: textOrInteger(value) }]
  )

const textOrInteger = (value: string | number) =>
  typeof value === 'string' ? { stringValue: value } : { intValue: String(value) }

/** To the microsecond: a double has no room for nanoseconds since 1970. */
const unixNanos = (ms: number): string => `${Math.round((performance.timeOrigin + ms) * 1000)}000`
