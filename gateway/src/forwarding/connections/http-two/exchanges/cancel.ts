import { type ClientHttp2Stream, constants } from 'node:http2'

/**
 * Resets a stream (RFC 9113 §5.4.2), after the callbacks of its session have returned. Within them,
 * Node.js only notes a reset with CANCEL, and loses the note if the stream is destroyed before it
 * sends it. The bytes of the request that waited for a window then stay in its HTTP/2 library,
 * which makes empty frames without end as soon as the window opens: the process hangs.
 */
export function cancel(stream: ClientHttp2Stream): void {
  setImmediate(() => {
    if (!stream.closed && !stream.destroyed) stream.close(constants.NGHTTP2_CANCEL)
  })
}
