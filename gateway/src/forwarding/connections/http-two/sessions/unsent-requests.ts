import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'

/** The requests of a connection that were made, and that the HTTP/2 library has not sent yet. */
export type UnsentRequests = {
  /** A request was made. */
  add(stream: ClientHttp2Stream): void
  /** The service accepts no more requests: closes the streams of those that were not sent. */
  refuse(): void
  /** whether a stream was closed because its request was not sent */
  isRefused(stream: ClientHttp2Stream): boolean
}

/**
 * The library sends requests at the end of a turn of the event loop. If it reads before that the
 * service accepts none (RFC 9113 §6.5.2), it keeps them until the service accepts some, which may
 * be never. Its queue then contains only them, in the order in which they were made.
 */
export function unsentRequests(http: ClientHttp2Session): UnsentRequests {
  const made = new Set<ClientHttp2Stream>()
  const refused = new WeakSet<ClientHttp2Stream>()
  return {
    add(stream) {
      if (made.size === 0) setImmediate(() => made.clear())
      made.add(stream)
    },
    refuse() {
      const unsure = [...made]
      if (unsure.length > 0) setImmediate(() => refuseKept(http, unsure, refused))
    },
    isRefused: (stream) => refused.has(stream)
  }
}

/** What could be sent has been sent. */
function refuseKept(
  http: ClientHttp2Session,
  unsure: readonly ClientHttp2Stream[],
  refused: WeakSet<ClientHttp2Stream>
): void {
  if (http.destroyed) return
  const { outboundQueueSize: kept = 0, nextStreamID: next = 0 } = http.state
  for (const stream of unsure) {
    // The ids of a client's streams are odd.
    if (stream.destroyed || (stream.id ?? 0) < next - 2 * kept) continue
    refused.add(stream)
    stream.destroy()
  }
}
