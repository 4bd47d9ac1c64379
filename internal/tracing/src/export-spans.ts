import { otlpRequest } from './otlp-request.ts'
import type { Span } from './span.ts'

type Line = (fields: object, message: string) => void

export type ExportOptions = {
  /** the name of the service, `service.name` */
  readonly service: string
  /** base address of the collector, as in OTEL_EXPORTER_OTLP_ENDPOINT */
  readonly endpoint: string
  readonly log: { readonly warn: Line; readonly info: Line }
  /** how many spans wait at most; later ones are dropped */
  readonly mostWaiting?: number
  /** how long spans wait to be exported together */
  readonly pauseMs?: number
  readonly timeoutMs?: number
}

type SpanExport = {
  /** Takes a span to be exported later. Never waits and never throws. */
  add(span: Span): void
  /** Exports what is waiting, as far as the collector takes it in time. */
  close(): Promise<void>
}

const MOST_WAITING = 2048
const MOST_AT_A_TIME = 512
const PAUSE_MS = 1000
const TIMEOUT_MS = 5000
/** A process that ends waits no longer than this for its collector. */
const CLOSE_MS = 1000

/**
 * Sends spans to a collector by OTLP/HTTP in JSON, in the background. An outage of the collector
 * costs the spans of that time and one line in the log: a batch that fails is dropped, not
 * repeated.
 */
export function exportSpans(options: ExportOptions): SpanExport {
  const { mostWaiting = MOST_WAITING, pauseMs = PAUSE_MS, timeoutMs = TIMEOUT_MS } = options
  const { endpoint } = options
  const url = `${endpoint.endsWith('/') ? endpoint : `${endpoint}/`}v1/traces`
  let waiting: Span[] = []
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> | null = null
  let isAway = false
  let dropped = 0

  const post = async (spans: readonly Span[], withinMs: number): Promise<void> => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: otlpRequest(options.service, spans),
        redirect: 'error',
        signal: AbortSignal.timeout(withinMs)
      })
      await response.body?.cancel()
      if (!response.ok) throw new Error(`the collector answered ${response.status}`)
      if (isAway) options.log.info({ dropped }, 'traces are exported again')
      isAway = false
      dropped = 0
    } catch (error) {
      dropped += spans.length
      if (!isAway) options.log.warn({ cause: causeOf(error) }, 'traces cannot be exported')
      isAway = true
    }
  }
  const send = async (withinMs: number): Promise<void> => {
    const batch = waiting.slice(0, MOST_AT_A_TIME)
    waiting = waiting.slice(MOST_AT_A_TIME)
    if (batch.length > 0) await post(batch, withinMs)
  }
  const sendLater = (): void => {
    timer ??= setTimeout(() => {
      underWay = send(timeoutMs).finally(() => {
        underWay = null
        timer = undefined
        if (waiting.length > 0) sendLater()
      })
    }, pauseMs).unref()
  }
  return {
    add(span) {
      if (waiting.length >= mostWaiting) {
        dropped += 1
        return
      }
      waiting.push(span)
      sendLater()
    },
    async close() {
      const deadline = performance.now() + CLOSE_MS
      clearTimeout(timer)
      // A batch that is under way has a time limit of its own, which may be longer.
      await Promise.race([underWay, until(CLOSE_MS)])
      while (waiting.length > 0 && !isAway && performance.now() < deadline) {
        await send(Math.max(1, Math.round(deadline - performance.now())))
      }
      waiting = []
    }
  }
}

const until = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })

/** `fetch` says why in the cause of its error. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? cause.message || cause.name : error.message
}
