import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance } from 'fastify'
import { holdBytes } from './held-bytes.ts'
import { isHttpTwo } from './http-two.ts'

/** The requests of one connection that have come and are not answered yet. */
type Queue = {
  answering: ServerResponse
  newest: ServerResponse
  waiting: number
  /** called in place of taking the newest up */
  onTurn?: () => void
}

const queues = new WeakMap<Socket, Queue>()

/** A client that sends more ahead than this does not read its answers. */
const MOST_WAITING = 64

/**
 * Takes up a request when the one before it on the same connection is answered, and not at all where that answer ended the
 * connection (RFC 9112 §9.6): what follows a refused request may have been hidden in it. Node.js itself hands over all
 * that has come at once.
 */
export function oneAtATime(service: FastifyInstance): void {
  service.addHook('onRequest', (request, reply, next) => {
    // Streams of HTTP/2 do not stand behind each other.
    if (isHttpTwo(request.raw)) return next()
    const { socket } = request.raw
    const queue = queues.get(socket)
    if (queue === undefined || queue.newest.closed) {
      queues.set(socket, { answering: reply.raw, newest: reply.raw, waiting: 0 })
      return isEnding(socket) ? next(afterTheEnd()) : next()
    }
    const { newest: before } = queue
    queue.newest = reply.raw
    queue.waiting += 1
    if (queue.waiting > MOST_WAITING) socket.destroy()
    before.once('close', () => {
      queue.answering = reply.raw
      queue.waiting -= 1
      if (isEnding(socket)) next(afterTheEnd())
      else if (queue.onTurn !== undefined && reply.raw === queue.newest) queue.onTurn()
      else next()
    })
  })
}

/**
 * Calls `next` once the earlier requests on this connection are answered, with the bytes that arrived since. For code that takes
 * the connection over: it would otherwise write into the middle of those answers. Node.js has already let go of the
 * connection, so this also resumes an answer when its client reads again, and notices a client that leaves.
 */
export function afterEarlierAnswers(socket: Socket, next: (more: Buffer) => void): void {
  const queue = queues.get(socket)
  if (queue === undefined || queue.newest.closed) {
    next(Buffer.alloc(0))
    return
  }
  const release = holdBytes(socket)
  const onDrain = () => queue.answering.emit('drain')
  socket.on('drain', onDrain)
  queue.newest.once('close', () => {
    socket.off('drain', onDrain)
    next(release())
  })
}

/**
 * Calls `next` when it is the turn of bytes that Node.js could not read. If they are of the body of the newest request, they
 * are answered in its place, unless its own answer has begun; if they come behind it, they are answered after it.
 */
export function inItsTurn(socket: Socket, next: (mayAnswer: boolean) => void): void {
  const queue = queues.get(socket)
  if (queue === undefined || queue.newest.closed) {
    // In the rest of a body whose request has its answer: a second one would be taken for that to the next request.
    next(queue?.newest.req.complete ?? true)
    return
  }
  const { newest } = queue
  if (newest.req.complete) newest.once('close', () => next(true))
  else if (queue.answering === newest) next(!newest.headersSent)
  else queue.onTurn = () => next(!newest.headersSent)
}

/** The answer to the newest request of this connection, while it is not over; null: every request has its answer. */
export function newestAnswer(socket: Socket): ServerResponse | null {
  const newest = queues.get(socket)?.newest
  return newest === undefined || newest.closed ? null : newest
}

/** Whether a request of this connection is not answered yet. */
export const hasRequestUnderWay = (socket: Socket): boolean => newestAnswer(socket) !== null

const isEnding = (socket: Socket) => socket.destroyed || socket.writableEnded

const afterTheEnd = () =>
  new Refusal('INVALID_REQUEST', { reason: 'came after the last answer of its connection' })
