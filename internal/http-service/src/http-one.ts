import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance } from 'fastify'
import { bodyOrNone } from './bodies/body-or-none.ts'
import { rawResponse, responseOf } from './errors/raw-response.ts'
import { unroutedError } from './errors/unrouted.ts'
import { breakOffUnlessClosed, isHttpTwo, tellOfBody } from './http-two.ts'
import { headersTooLarge, type SectionFlaws, sectionFlaws } from './limits/header-limits.ts'
import { afterEarlierResponses } from './turns/one-at-a-time.ts'

/**
 * Refuses requests that Node.js accepts, or answers in a form of its own: versions other than
 * HTTP/1.x (its parser also reads 0.9 and 2.0), HTTP/1.1 without Host or with an empty one (RFC
 * 9112 §3.2), chunks in HTTP/1.0, which does not have them (§6.1), an expectation that cannot be
 * met (RFC 9110 §10.1.1), and CONNECT. Also refuses what the router cannot match.
 * @param unreadMs how long a response to CONNECT waits for its client to read it
 */
export function httpOne(service: FastifyInstance, unreadMs: number): void {
  const { server } = service
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  // Node.js would answer "continue" before any hook has checked the request.
  server.on('checkContinue', (request, response) => server.emit('request', request, response))
  server.on('connect', (request: IncomingMessage, other: Socket | ServerResponse) =>
    refuseTunnel(request, other, unreadMs)
  )
  service.addHook('onRequest', (request, reply, next) => {
    const section = sectionFlaws(request.raw)
    if (section.isTooLarge) return next(headersTooLarge('over HTTP/2'))
    const flaw = flawOf(request.raw, section)
    if (flaw !== null) return next(unreadable(flaw))
    // After a refusal, the client does not send its body, and the next bytes on the connection
    // could be taken for it.
    if (waitsForContinue(request.raw) && !isHttpTwo(request.raw))
      reply.header('connection', 'close')
    bodyOrNone(request.raw, (hasNone) => {
      if (!hasNone) tellOfBody(request.raw)
      next(unroutedError(request) ?? undefined)
    })
  })
  service.addHook('preParsing', (request, reply, payload, next) => {
    if (waitsForContinue(request.raw)) {
      reply.removeHeader('connection')
      reply.raw.writeContinue()
    }
    next(null, hasNeitherBodyNorEvents(request.raw) ? emptyBody() : payload)
  })
}

/**
 * The framework reads a body if there is a `Content-Type`, and waits for its end. A request without
 * a length has no body, and its stream has ended before anyone could see it end
 * (`optimizeEmptyRequests`). Many clients send such requests: `curl -X POST` with a `Content-Type`.
 */
const hasNeitherBodyNorEvents = (raw: IncomingMessage): boolean =>
  raw.readableEnded && raw.headers['content-type'] !== undefined

function emptyBody(): Readable {
  const body = new Readable()
  body.push(null)
  return body
}

/**
 * Whether the hooks above have nothing to judge in a request, so that it may pass without them: a
 * GET or HEAD over HTTP/1.1 with a Host, and without a body, an upgrade and an expectation.
 */
export function needsNoHook({ method, url = '', httpVersion, headers, socket }: IncomingMessage) {
  return (
    httpVersion === '1.1' &&
    (method === 'GET' || method === 'HEAD') &&
    url.startsWith('/') &&
    isNamed(headers.host) &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    headers.upgrade === undefined &&
    headers.expect === undefined &&
    !socket.destroyed &&
    !socket.writableEnded
  )
}

/** RFC 9110 §10.1.1: not in HTTP/1.0 */
const waitsForContinue = ({ headers, httpVersion }: IncomingMessage): boolean =>
  headers.expect !== undefined && httpVersion !== '1.0'

function flawOf(raw: IncomingMessage, { hasOuterWhiteSpace }: SectionFlaws): string | null {
  const { httpVersion, headers } = raw
  if (headers.expect !== undefined && !CONTINUE.test(headers.expect)) return 'another expectation'
  if (httpVersion === '1.1') return isNamed(headers.host) ? null : 'no Host'
  if (isHttpTwo(raw)) {
    if (hasOuterWhiteSpace) return 'white space around a value'
    return isNamed(headers[':authority'] ?? headers.host) ? null : 'no authority'
  }
  if (httpVersion !== '1.0') return 'another version of HTTP'
  return headers['transfer-encoding'] === undefined ? null : 'Transfer-Encoding in HTTP/1.0'
}

/**
 * RFC 9113 §8.3.1: `:authority` is the Host of HTTP/2. An empty one names no host, and every http
 * URI has one (RFC 9110 §4.2.1).
 */
const isNamed = (host: string | string[] | undefined): boolean => host !== undefined && host !== ''

const CONTINUE = /^100-continue$/i

/**
 * This server has no tunnels, and the bytes after the request are not HTTP. Node.js has released
 * the connection, so none of its limits on time applies.
 */
function refuseTunnel(
  request: IncomingMessage,
  other: Socket | ServerResponse,
  unreadMs: number
): void {
  const refusal = new Refusal('METHOD_NOT_ALLOWED', {
    reason: 'the method CONNECT is not supported'
  })
  other.on('error', () => {})
  if (!isHttpTwo(request)) {
    const socket = other as Socket
    afterEarlierResponses(socket, () => {
      if (socket.destroyed || socket.writableEnded) return
      socket.write(rawResponse(refusal))
      socket.destroySoon()
    })
  } else {
    const { status, headers, body } = responseOf(refusal)
    const response = other as ServerResponse
    breakOffUnlessClosed(response, unreadMs)
    response.writeHead(status, headers).end(body)
  }
}

const unreadable = (reason: string) =>
  new Refusal('INVALID_REQUEST', {
    reason,
    detail: 'not a valid HTTP request',
    headers: { connection: 'close' }
  })
