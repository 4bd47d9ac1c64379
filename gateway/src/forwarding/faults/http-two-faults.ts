import { constants } from 'node:http2'

/** The service has not begun HTTP/2 on a new connection, so it got no request. */
export class NotHttpTwo extends Error {
  override readonly name = 'NotHttpTwo'
  readonly code = 'ERR_NOT_HTTP_TWO'
}

/** The service has accepted a new connection, but no request on it. */
export class NoStreams extends Error {
  override readonly name = 'NoStreams'
  readonly code = 'ERR_NO_STREAMS'
}

/** The connection has ended before the response was complete. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
  readonly code = 'ECONNRESET'
}

/** The service has ended one stream with RST_STREAM (RFC 9113 §6.4). Its connection continues. */
export class StreamReset extends Error {
  override readonly name = 'StreamReset'
  /** the error code of RFC 9113 §7 */
  readonly reset: number
  constructor(reset: number) {
    super(`the service has reset the stream with the code ${reset}`)
    this.reset = reset
  }
  /** whether the service says that it has not read the request (RFC 9113 §8.7) */
  get isRefusal(): boolean {
    return this.reset === constants.NGHTTP2_REFUSED_STREAM
  }
}

/** Error codes of a service that mean the same for the stream of a client. */
const PASSED = new Set<number>([
  constants.NGHTTP2_CANCEL,
  constants.NGHTTP2_ENHANCE_YOUR_CALM,
  constants.NGHTTP2_INADEQUATE_SECURITY
])

/** The code with which the client's stream ends if a response breaks off. Pure. */
export const resetFor = (error: Error): number =>
  error instanceof StreamReset && PASSED.has(error.reset)
    ? error.reset
    : constants.NGHTTP2_INTERNAL_ERROR
