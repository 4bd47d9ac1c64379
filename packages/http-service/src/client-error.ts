import type { Socket } from 'node:net'
import { Refusal } from '@gatehouse/problem/refusal'
import { headersTooLarge } from './header-limits.ts'
import { hasRequestUnderWay, inItsTurn } from './one-at-a-time.ts'
import { rawAnswer } from './raw-answer.ts'

/** Node.js reports the same connection again with each piece that follows. */
const answered = new WeakSet<Socket>()

/**
 * Answers bytes that are not a request, after the requests before them: in the documented form, and the connection closes,
 * because what follows on it could be read in two ways (RFC 9112 §2.2, §11.2).
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || answered.has(socket)) return
  // What follows a request that was to be the last is ignored (RFC 9112 §9.6); that one is still to be answered.
  if (error.code === 'HPE_CLOSED_CONNECTION' && hasRequestUnderWay(socket)) return
  answered.add(socket)
  inItsTurn(socket, (mayAnswer) => {
    // Nothing was asked: an answer could be taken for that to a request which is just on its way.
    const isUnasked = error.code === TOO_SLOW && socket.bytesRead === 0
    if (mayAnswer && socket.writable && !isUnasked) socket.write(rawAnswer(refusalOf(error)))
    socket.destroySoon()
  })
}

const TOO_SLOW = 'ERR_HTTP_REQUEST_TIMEOUT'

function refusalOf({ code: reason = 'unreadable' }: NodeJS.ErrnoException): Refusal {
  if (reason === 'HPE_HEADER_OVERFLOW') return headersTooLarge(reason)
  const detail =
    reason === TOO_SLOW ? 'the request did not come in time' : 'not a valid HTTP request'
  return new Refusal('INVALID_REQUEST', { status: 400, reason, detail })
}
