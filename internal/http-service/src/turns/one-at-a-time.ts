import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance } from 'fastify'
import { holdBytes } from '../bodies/held-bytes.ts'
import { isHttpTwo } from '../http-two.ts'
import { type Handle, inFront } from './in-front.ts'

/** The requests of one connection that have arrived and are not answered yet. */
type Queue = {
  answering: ServerResponse
  newest: ServerResponse
  waiting: number
  /** how many bytes of the connection were read when the first of those that wait arrived */
  readBefore: number
  /** called instead of handling the newest request; null: it is handled */
  onTurn: (() => void) | null
}

const queues = new WeakMap<Socket, Queue>()

/** A client that pipelines more than this does not read its responses. */
const MOST_WAITING = 64
/** A request that waits keeps its body, and no client of today pipelines bodies. */
const MOST_WAITING_BYTES = 64 * 1024

/**
 * Handles a request when the previous one on its connection has been answered, and not at all if
 * that response ended the connection (RFC 9112 §9.6): the bytes after a refused request may have
 * been smuggled in it. Node.js itself emits all requests that have arrived at once. A request that
 * waits has not reached the framework, which would prepare a log, a request and a reply for each:
 * one packet can contain thousands.
 */
export function oneAtATime(service: FastifyInstance): void {
  inFront(service, (raw, response, handle) => {
    // HTTP/2 streams do not follow each other.
    if (isHttpTwo(raw)) {
      handle(raw, response)
      return
    }
    // Node.js drops what was read behind a request whose upgrade is not taken, so the client must
    // learn that this response is the last one.
    if (raw.headers.upgrade !== undefined) response.shouldKeepAlive = false
    inTurn(raw, response, handle)
  })
  service.addHook('onRequest', ({ raw }, _reply, next) => {
    if (!isHttpTwo(raw) && isEnding(raw.socket)) next(afterTheEnd())
    else next()
  })
}

function inTurn(raw: IncomingMessage, response: ServerResponse, handle: Handle): void {
  const { socket } = raw
  // After the cut below, Node.js still emits the other requests of the same packet.
  if (socket.destroyed) return
  const queue = queues.get(socket)
  if (queue === undefined) {
    const made = { answering: response, newest: response, waiting: 0, readBefore: 0, onTurn: null }
    queues.set(socket, made)
    handle(raw, response)
    return
  }
  const { newest: before } = queue
  if (before.closed) {
    queue.answering = response
    queue.newest = response
    queue.waiting = 0
    queue.onTurn = null
    handle(raw, response)
    return
  }
  queue.newest = response
  if (queue.waiting === 0) queue.readBefore = socket.bytesRead
  queue.waiting += 1
  const waitingBytes = socket.bytesRead - queue.readBefore
  if (queue.waiting > MOST_WAITING || waitingBytes > MOST_WAITING_BYTES) socket.destroy()
  before.once('close', () => {
    queue.answering = response
    queue.waiting -= 1
    if (socket.destroyed) return
    if (queue.onTurn !== null && response === queue.newest && !isEnding(socket)) queue.onTurn()
    else handle(raw, response)
  })
}

/**
 * Calls `next` once the earlier requests on this connection are answered, with the bytes that have
 * arrived since. Code that takes over the connection would otherwise write into the middle of those
 * responses. Node.js has already released the connection, so this also resumes a response when its
 * client reads again, and notices a disconnect.
 */
export function afterEarlierResponses(socket: Socket, next: (more: Buffer) => void): void {
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
 * Calls `next` when it is the turn of bytes that Node.js could not parse. If they belong to the
 * body of the newest request, they are answered instead of it, unless its own response has begun.
 * If they follow it, they are answered after it.
 */
export function inItsTurn(socket: Socket, next: (mayRespond: boolean) => void): void {
  const queue = queues.get(socket)
  if (queue === undefined || queue.newest.closed) {
    // The bytes belong to the body of a request that was answered already. The client would take a
    // second response for the response to its next request.
    next(queue?.newest.req.complete ?? true)
    return
  }
  const { newest } = queue
  if (newest.req.complete) newest.once('close', () => next(true))
  else if (queue.answering === newest) next(!newest.headersSent)
  else queue.onTurn = () => next(!newest.headersSent)
}

/**
 * The response to the newest request of this connection, while it has not ended; null: every
 * request has its response.
 */
export function newestResponse(socket: Socket): ServerResponse | null {
  const newest = queues.get(socket)?.newest
  return newest === undefined || newest.closed ? null : newest
}

/** Whether a request of this connection is not answered yet. */
export const hasRequestUnderWay = (socket: Socket): boolean => newestResponse(socket) !== null

const isEnding = (socket: Socket) => socket.destroyed || socket.writableEnded

const afterTheEnd = () =>
  new Refusal('INVALID_REQUEST', {
    reason: 'the request arrived after the last response of its connection'
  })
