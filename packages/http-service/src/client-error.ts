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
  if (socket.writable && !hasAnswerUnderWay(socket)) {
    const refusal =
      error.code === 'HPE_HEADER_OVERFLOW'
        ? new Refusal('INVALID_REQUEST', {
            status: 431,
            reason: error.code,
            detail: 'the headers are too large'
          })
        : new Refusal('INVALID_REQUEST', {
            reason: error.code ?? 'unreadable',
            detail: 'not a valid HTTP request'
          })
    socket.write(rawAnswer(refusal))
  }
  socket.destroySoon()
}
