import { AsyncLocalStorage } from 'node:async_hooks'
import { type ExportOptions, exportSpans } from './export-spans.ts'
import type { Attributes, Span } from './span.ts'
import { newSpanId, readTraceparent } from './trace-context.ts'

/** A span that has begun: of a request, under which the spans of its parts are recorded. */
export type OpenSpan = Pick<Span, 'traceId' | 'spanId' | 'parentId' | 'startedMs'>

/** What a finished span says. */
type Told = {
  readonly name: string
  readonly failed: boolean
  readonly attributes: Attributes
}

export type Tracing = {
  /**
   * Begins the span of a request, if its sender samples the trace; otherwise null.
   * @param traceparent the header of the request
   */
  begin(traceparent: string | undefined): OpenSpan | null
  /** Ends the span of a request. */
  end(span: OpenSpan, told: Told): void
  /** Records a call to another process, which belongs to a request. */
  call(
    parent: OpenSpan,
    call: Told & Pick<Span, 'startedMs' | 'endedMs'> & { readonly spanId?: string }
  ): void
  /**
   * Runs the work of a request. Within it, `current` finds the span of this request, or nothing if
   * it has none, even if this is called during the work of another request.
   */
  within<T>(span: OpenSpan | undefined, work: () => T): T
  /** The span of the request for which this code runs. */
  current(): OpenSpan | undefined
  close(): Promise<void>
}

/** Records the spans of the requests that their senders sample, and exports them. */
export function tracing(options: ExportOptions): Tracing {
  const spans = exportSpans(options)
  const ofThisRequest = new AsyncLocalStorage<OpenSpan | undefined>()
  return {
    begin(traceparent) {
      const parent = readTraceparent(traceparent)
      if (parent === null || !parent.sampled) return null
      const { traceId, spanId: parentId } = parent
      return { traceId, parentId, spanId: newSpanId(), startedMs: performance.now() }
    },
    end(span, told) {
      spans.add({ ...span, ...told, kind: 'server', endedMs: performance.now() })
    },
    call({ traceId, spanId: parentId }, call) {
      spans.add({ spanId: newSpanId(), ...call, traceId, parentId, kind: 'client' })
    },
    within: (span, work) => ofThisRequest.run(span, work),
    current: () => ofThisRequest.getStore(),
    close: spans.close
  }
}
