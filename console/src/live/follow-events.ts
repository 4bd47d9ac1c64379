import { proofHeaders, refused, send } from '../api/ask.ts'
import { eventParser, type ServerEvent } from './event-parser.ts'
import { type RetryPauses, retryPauses } from './retry-pauses.ts'

type Follower = {
  onEvent(event: ServerEvent): void
  /** whether the events arrive */
  onState(isLive: boolean): void
}

/** The server sends something at least every 15 seconds. */
const SILENCE_MS = 40_000

/**
 * Follows the live events until the signal is aborted, or the session ends. If the stream
 * breaks, it continues after the last event that it has.
 */
export async function followEvents(follower: Follower, signal: AbortSignal): Promise<void> {
  let lastId: string | null = null
  const pauses = retryPauses()
  const noteId = (id: string) => (lastId = id)
  while (!signal.aborted) {
    const stream = { ...follower, noteId, pauses, lastId, signal }
    const end = await readStream(stream).catch(() => 'broken' as const)
    if (end === 'refused' || signal.aborted) return
    // With several workers, the server ends each stream when everything is sent.
    if (end === 'broken') follower.onState(false)
    await pause(pauses.next(), signal)
  }
}

type Stream = Follower & {
  readonly lastId: string | null
  readonly signal: AbortSignal
  readonly pauses: Pick<RetryPauses, 'connected'>
  noteId(id: string): void
}

async function readStream(stream: Stream): Promise<'ended' | 'refused' | 'broken'> {
  const { lastId, onEvent, onState, noteId, pauses } = stream
  const silence = new AbortController()
  const signal = AbortSignal.any([stream.signal, silence.signal])
  const headers = { ...proofHeaders(), ...(lastId === null ? {} : { 'last-event-id': lastId }) }
  const response = await send('/ops/events', { headers, signal })
  if (!response.ok || response.body === null) {
    refused(response.status, null)
    return response.status === 401 || response.status === 403 ? 'refused' : 'broken'
  }
  onState(true)
  pauses.connected(null)
  const parser = eventParser()
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const timer = setTimeout(() => silence.abort(), SILENCE_MS)
    const { done, value } = await reader.read().finally(() => clearTimeout(timer))
    if (done) return 'ended'
    for (const event of parser.take(value)) {
      if (event.id !== null) noteId(event.id)
      onEvent(event)
    }
    pauses.connected(parser.retryMs())
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end, { once: true })
  })
}
