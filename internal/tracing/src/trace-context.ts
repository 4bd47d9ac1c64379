import { randomFillSync } from 'node:crypto'

/** What a `traceparent` header says (https://www.w3.org/TR/trace-context/). */
export type TraceContext = {
  /** 32 hex digits */
  readonly traceId: string
  /** 16 hex digits: the span of the sender */
  readonly spanId: string
  /** whether the sender records its spans */
  readonly sampled: boolean
}

/** W3C Trace Context §3.2: version 00, and neither id all zeros */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/
const SAMPLED = 1

/** Null if the header is absent or malformed: then the trace begins here (§4.3). */
export function readTraceparent(header: string | undefined): TraceContext | null {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(header ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return null
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED }
}

export const traceparentOf = ({ traceId, spanId, sampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-0${sampled ? SAMPLED : 0}`

const SPAN_ID_BYTES = 8
const pool = Buffer.alloc(SPAN_ID_BYTES * 384)
let used = pool.length

/** 16 hex digits. Asking the system for the bytes of each id costs more than all else. */
export function newSpanId(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += SPAN_ID_BYTES
  return pool.toString('hex', used - SPAN_ID_BYTES, used)
}

/** The context of a request whose sender has no trace. It is not sampled. */
export const newTraceContext = (): TraceContext => ({
  traceId: newSpanId() + newSpanId(),
  spanId: newSpanId(),
  sampled: false
})
