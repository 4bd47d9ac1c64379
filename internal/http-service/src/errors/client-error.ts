import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Refusal } from '@gatehouse/problem/refusal'
import { headersTooLarge } from '../limits/header-limits.ts'
import { hasRequestUnderWay, inItsTurn } from '../turns/one-at-a-time.ts'
import { rawResponse } from './raw-response.ts'

/** Node.js reports the same connection again for each later chunk. */
const answered = new WeakSet<Socket>()

/**
 * Answers bytes that are not a request, after the responses to earlier requests: in the documented
 * form. Then the connection closes, because the bytes that follow could be read in two ways (RFC
 * 9112 §2.2, §11.2).
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || answered.has(socket)) return
  // A response would wait for the end of the handshake, and the connection for the response.
  if (isInHandshake(socket)) {
    socket.destroy()
    return
  }
  // Bytes after the last request of a connection are ignored (RFC 9112 §9.6), while that request is
  // still to be answered.
  if (error.code === 'HPE_CLOSED_CONNECTION' && hasRequestUnderWay(socket)) return
  answered.add(socket)
  inItsTurn(socket, (mayRespond) => {
    // There was no request: the client could take a response for that to a request that is on its
    // way.
    const isUnasked = error.code === TOO_SLOW && socket.bytesRead === 0
    if (mayRespond && socket.writable && !isUnasked) socket.write(rawResponse(refusalOf(error)))
    socket.destroySoon()
  })
}

/** Node.js reports a TLS handshake that takes too long in the same way as an unreadable request. */
const isInHandshake = (socket: Socket): boolean =>
  socket instanceof TLSSocket && socket.alpnProtocol === null

const TOO_SLOW = 'ERR_HTTP_REQUEST_TIMEOUT'

function refusalOf({ code: reason = 'unreadable' }: NodeJS.ErrnoException): Refusal {
  if (reason === 'HPE_HEADER_OVERFLOW') return headersTooLarge(reason)
  const detail =
    reason === TOO_SLOW ? 'the request did not arrive in time' : 'not a valid HTTP request'
  return new Refusal('INVALID_REQUEST', { status: 400, reason, detail })
}
