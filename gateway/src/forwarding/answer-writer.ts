import { gatheredChunks } from '@gatehouse/http-service/gathered-chunks'
import { breakOff, isGone } from '@gatehouse/http-service/http-two'
import type { FastifyReply } from 'fastify'
import type { Dispatcher } from 'undici'
import type { Passage } from '../passage.ts'
import { finish, writeContent } from './answer-content.ts'
import { begin, passHint } from './answer-head.ts'
import { clientPace } from './client-pace.ts'
import { guard } from './guard.ts'
import {
  type AnswerEvents,
  type AnswerPorts,
  abandon,
  ClientGone,
  cutOff,
  type OpenAnswer
} from './open-answer.ts'
import type { ResponseHeaders } from './response-headers.ts'
import { passedTrailers } from './trailers.ts'
import { NotAnAnswer } from './upstream-faults.ts'

/**
 * Writes a service's response to the client, no faster than the client reads, and only while the
 * client is connected and reading. If the response breaks off, the client connection is closed, so
 * that a partial response does not look complete.
 */
export function answerWriter(
  reply: FastifyReply,
  passage: Passage,
  ports: AnswerPorts,
  events: AnswerEvents
): Dispatcher.DispatchHandler {
  const answer = openAnswer(reply, passage, ports, events)
  const { raw, guarded, chunks } = answer
  const onClose = guarded((): void => {
    if (!answer.isOver) abandon(answer)
  })
  raw.once('close', onClose)
  // A write after the end causes an error here. 'close' follows and cleans up.
  raw.on('error', () => {})

  return {
    onRequestStart: guarded((controller) => {
      answer.controller = controller
      if (isGone(raw)) abandon(answer)
    }),
    // undici catches what these two throw: it aborts, and calls onResponseError.
    onResponseStart(_controller, status, received) {
      const act = status < 200 ? passHint : begin
      act(answer, status, received as ResponseHeaders)
    },
    onResponseData(controller, chunk) {
      // The gateway has ended the answer, so no client will read the rest.
      if (raw.writableEnded) return abandon(answer)
      // Only a 205 can get here. It is complete for the client.
      if (answer.isContentless) return controller.abort(new NotAnAnswer('content in a 205'))
      reply.request.trail.bytes += chunk.length
      chunks.add(chunk)
      if (chunks.isFull) controller.pause()
    },
    onResponseEnd: guarded((_controller, trailers) => {
      finish(answer, passedTrailers(trailers as ResponseHeaders))
    }),
    onResponseError: guarded((_controller, error) => {
      // undici waits for the content that a Content-Length announces, but the length in a 304 is
      // that of the 200 (RFC 9110 §8.6).
      if (answer.isContentless && !(error instanceof ClientGone)) return finish(answer, null)
      raw.off('close', onClose)
      fail(answer, error)
    })
  }
}

function openAnswer(
  reply: FastifyReply,
  passage: Passage,
  ports: AnswerPorts,
  events: AnswerEvents
): OpenAnswer {
  const { raw } = reply
  const { noteFault } = ports
  const guarded = guard({ place: 'answer', noteFault, end: () => cutOff(answer) })
  const write = guarded((data: Buffer): void => writeContent(answer, data))
  const answer: OpenAnswer = {
    reply,
    raw,
    passage,
    ports,
    events,
    guarded,
    chunks: gatheredChunks(write, () => raw.writableLength === 0),
    pace: clientPace(raw, {
      unreadMs: passage.route.idleSeconds * 1000,
      unread: ports.unread,
      caller: passage.caller,
      onTaken: guarded(() => answer.controller?.resume()),
      // If the client does not read its connection, it never sees that its HTTP/2 stream is closed.
      onUnread: guarded(() => {
        abandon(answer)
        breakOff(raw)
      })
    }),
    controller: null,
    hints: 0,
    hasBegun: false,
    hasContent: false,
    isContentless: false,
    isOver: false,
    stream: null
  }
  return answer
}

/** The request has failed. Only if the client got nothing, it can still get another response. */
function fail(answer: OpenAnswer, error: Error): void {
  const { events, raw, controller, hasBegun } = answer
  answer.isOver = true
  if (!hasBegun && !(error instanceof ClientGone)) {
    events.onFault(error, controller !== null)
    return
  }
  events.onEnd()
  if (hasBegun) breakOff(raw)
}
