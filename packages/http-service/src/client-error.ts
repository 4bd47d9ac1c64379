import type { Socket } from 'node:net'
import { Refusal } from '@gatehouse/problem/refusal'
import { hasAnswerUnderWay, hasRequestUnderWay } from './one-at-a-time.ts'
import { rawAnswer } from './raw-answer.ts'

/**
 * Answers bytes that are not a request: in the documented form, and the connection closes, because what follows on it
 * could be read in two ways (RFC 9112 §2.2, §11.2).
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  // What follows a request that was to be the last is ignored (RFC 9112 §9.6); that one is still to be answered.
  if (error.code === 'HPE_CLOSED_CONNECTION' && hasRequestUnderWay(socket)) return
  // Nothing was asked: an answer could be taken for that to a request which is just on its way.
  const isUnasked = error.code === TOO_SLOW && socket.bytesRead === 0
  if (socket.writable && !isUnasked && !hasAnswerUnderWay(socket)) {
    const { status, detail } = flaws[error.code ?? ''] ?? UNREADABLE
    const reason = error.code ?? 'unreadable'
    socket.write(rawAnswer(new Refusal('INVALID_REQUEST', { status, reason, detail })))
  }
  socket.destroySoon()
}

const TOO_SLOW = 'ERR_HTTP_REQUEST_TIMEOUT'
const UNREADABLE = { status: 400, detail: 'not a valid HTTP request' } as const
const flaws: Readonly<Record<string, { status: 400 | 431; detail: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, detail: 'the headers are too large' },
  [TOO_SLOW]: { status: 400, detail: 'the request did not come in time' }
}
