import t from 'tap'
import { newTraceContext, readTraceparent, traceparentOf } from '../src/trace-context.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

t.test('a traceparent is read as the W3C defines it', async (t) => {
  t.strictSame(readTraceparent(`00-${traceId}-${spanId}-01`), { traceId, spanId, sampled: true })
  t.strictSame(readTraceparent(`00-${traceId}-${spanId}-00`), { traceId, spanId, sampled: false })
  // Flags that a later version defines do not matter.
  t.strictSame(readTraceparent(`00-${traceId}-${spanId}-fe`)?.sampled, false)
  t.strictSame(readTraceparent(`00-${traceId}-${spanId}-ff`)?.sampled, true)
})

t.test('a malformed traceparent continues no trace', async (t) => {
  const zeros = (count: number) => '0'.repeat(count)
  const wrong = [
    undefined,
    '',
    `01-${traceId}-${spanId}-01`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}-01-`,
    `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${zeros(32)}-${spanId}-01`,
    `00-${traceId}-${zeros(16)}-01`
  ]
  for (const header of wrong) t.equal(readTraceparent(header), null, String(header))
})

t.test('a written traceparent can be read back, and a new trace is not sampled', async (t) => {
  const context = newTraceContext()
  t.equal(context.sampled, false)
  t.strictSame(readTraceparent(traceparentOf(context)), context)
  t.equal(traceparentOf({ traceId, spanId, sampled: true }), `00-${traceId}-${spanId}-01`)
  const many = new Set(Array.from({ length: 10_000 }, () => newTraceContext().traceId))
  t.equal(many.size, 10_000)
})
