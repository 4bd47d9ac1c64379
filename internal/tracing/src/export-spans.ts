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
  /** how long spans wait to be exported together; a full batch does not wait */
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

/** The spans of a process that the collector has not taken yet. */
type Queue = Pick<ExportOptions, 'service' | 'log'> & {
  readonly url: string
  readonly pauseMs: number
  readonly timeoutMs: number
  waiting: Span[]
  timer: NodeJS.Timeout | undefined
  underWay: Promise<void> | null
  /** whether the last batch failed */
  isAway: boolean
  /** how many spans are lost since then, or since the last batch that the collector took */
  dropped: number
  /** whether the log says that more spans come than the collector takes */
  isTooSlow: boolean
  isEnding: boolean
}

/**
 * Sends spans to a collector by OTLP/HTTP in JSON, in the background. An outage of the collector
 * costs the spans of that time and one line in the log: a batch that fails is dropped, not
 * repeated.
 */
export function exportSpans(options: ExportOptions): SpanExport {
  const { mostWaiting = MOST_WAITING, endpoint } = options
  const queue: Queue = {
    service: options.service,
    log: options.log,
    url: `${endpoint.endsWith('/') ? endpoint : `${endpoint}/`}v1/traces`,
    pauseMs: options.pauseMs ?? PAUSE_MS,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    waiting: [],
    timer: undefined,
    underWay: null,
    isAway: false,
    dropped: 0,
    isTooSlow: false,
    isEnding: false
  }
  return {
    add(span) {
      if (queue.waiting.length >= mostWaiting) {
        queue.dropped += 1
        return
      }
      queue.waiting.push(span)
      sendInTime(queue)
    },
    close: () => sendLast(queue)
  }
}

/**
 * Sends a full batch at once, and fewer spans after the pause. One batch is under way at a time.
 */
function sendInTime(queue: Queue): void {
  if (queue.underWay !== null || queue.waiting.length === 0 || queue.isEnding) return
  // A collector that is away is not asked more often.
  if (queue.waiting.length >= MOST_AT_A_TIME && !queue.isAway) sendNow(queue)
  else queue.timer ??= setTimeout(sendNow, queue.pauseMs, queue).unref()
}

function sendNow(queue: Queue): void {
  clearTimeout(queue.timer)
  queue.timer = undefined
  queue.underWay = send(queue, queue.timeoutMs).finally(() => {
    queue.underWay = null
    sendInTime(queue)
  })
}

async function sendLast(queue: Queue): Promise<void> {
  const deadline = performance.now() + CLOSE_MS
  queue.isEnding = true
  clearTimeout(queue.timer)
  // A batch that is under way has a time limit of its own, which may be longer.
  await Promise.race([queue.underWay, until(CLOSE_MS)])
  while (queue.waiting.length > 0 && !queue.isAway && performance.now() < deadline) {
    await send(queue, Math.max(1, Math.round(deadline - performance.now())))
  }
  queue.waiting = []
}

async function send(queue: Queue, withinMs: number): Promise<void> {
  const batch = queue.waiting.slice(0, MOST_AT_A_TIME)
  queue.waiting = queue.waiting.slice(MOST_AT_A_TIME)
  if (batch.length > 0) await post(queue, batch, withinMs)
}

async function post(queue: Queue, spans: readonly Span[], withinMs: number): Promise<void> {
  const { service, log, url } = queue
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: otlpRequest(service, spans),
      redirect: 'error',
      signal: AbortSignal.timeout(withinMs)
    })
    await response.body?.cancel()
    if (!response.ok) throw new Error(`the collector answered ${response.status}`)
    noteTaken(queue)
  } catch (error) {
    queue.dropped += spans.length
    if (!queue.isAway) log.warn({ cause: causeOf(error) }, 'traces cannot be exported')
    queue.isAway = true
  }
}

/** Notes that the collector has taken a batch. */
function noteTaken(queue: Queue): void {
  const { log, dropped, isAway, isTooSlow } = queue
  const isLosing = dropped > 0 && !isAway
  if (isAway) log.info({ dropped }, 'traces are exported again')
  if (isLosing && !isTooSlow) log.warn({ dropped }, 'spans are dropped: the collector is too slow')
  queue.isAway = false
  queue.dropped = 0
  queue.isTooSlow = isLosing
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
