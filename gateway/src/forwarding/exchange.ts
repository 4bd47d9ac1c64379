import type { Readable } from 'node:stream'
import { isGone } from '@gatehouse/http-service/http-two'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyReply } from 'fastify'
import type { Dispatcher } from 'undici'
import type { Passage } from '../passage.ts'
import type { Route } from '../routes/route.ts'
import type { RouteTable } from '../routes/route-table.ts'
import { noteAsked } from '../telemetry/trail.ts'
import { answerWriter, isStillSending } from './answer-writer.ts'
import type { Connections } from './connections.ts'
import { forwardedPath } from './forwarded-path.ts'
import type { NoteFault } from './guard.ts'
import type { Lifetimes } from './lifetimes.ts'
import type { OpenStreams } from './open-streams.ts'
import type { MarkOrigin } from './response-headers.ts'
import type { UnreadAnswers } from './unread-answers.ts'
import { isOfAddress, refusalOf, wasNeverSent } from './upstream-faults.ts'
import type { Upstreams } from './upstreams.ts'

export type ExchangeOptions = {
  readonly connections: Connections
  readonly upstreams: Upstreams
  readonly table: () => RouteTable
  readonly markOrigin: MarkOrigin
  readonly lifetimes: Lifetimes
  readonly streams: OpenStreams
  readonly unread: UnreadAnswers
  readonly noteFault: NoteFault
  /** how long a service may take to begin its response, if the route sets no time */
  readonly answerMs: number
}

/** How long a service may take to begin its response, and how long the response may pause. */
export const patience = ({ answerSeconds, events, idleSeconds }: Route, answerMs: number) => ({
  headersTimeout: answerSeconds === undefined ? answerMs : answerSeconds * 1000,
  bodyTimeout: events ? 0 : idleSeconds * 1000
})

const NONE: ReadonlySet<string> = new Set()

/** the accepted methods that are safe (RFC 9110 §9.2.1) */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Forwards a request, and its response as it arrives. Another address of the service gets the
 * request only if no address has received it, or if it is safe to repeat and the route allows that.
 * A streamed body is never sent again, because it can be read only once.
 */
export function exchange(
  reply: FastifyReply,
  passage: Passage,
  body: Buffer | Readable | null,
  options: ExchangeOptions
): void {
  const { route, caller } = passage
  const asked = {
    path: forwardedPath(passage),
    method: reply.request.method as Dispatcher.HttpMethod,
    headers: passage.headers,
    body,
    // If a service does not read the body of a GET, it takes the body for the next request on the
    // connection.
    reset: body !== null && reply.request.method === 'GET',
    ...patience(route, options.answerMs)
  }
  const tried = new Set<string>()
  let repeats = SAFE.has(asked.method) ? route.retries : 0

  const mayTryAgain = (error: Error, isSent: boolean): boolean => {
    if (body !== null && !Buffer.isBuffer(body)) return false
    if (!isSent || wasNeverSent(error)) return tried.size < route.upstream.addresses.length
    const refusal = refusalOf(error)
    repeats -= 1
    return repeats >= 0 && refusal.code === 'UPSTREAM_UNAVAILABLE'
  }
  const attempt = (after: Error | null): void => {
    if (isGone(reply.raw)) return
    // If there is only one address, it is asked again.
    const others = tried.size < route.upstream.addresses.length ? tried : NONE
    const place = options.upstreams.take(route.upstream, caller, others)
    if (place instanceof Refusal) {
      reply.send(after === null ? place : refusalOf(after))
      return
    }
    tried.add(place.address)
    noteAsked(reply.request.trail, place.address)
    const writer = answerWriter(reply, passage, {
      address: place.address,
      table: options.table,
      markOrigin: options.markOrigin,
      lifetimes: options.lifetimes,
      streams: options.streams,
      unread: options.unread,
      noteFault: options.noteFault,
      onAnswer: place.answered,
      onEnd: place.leave,
      onFault(error, isSent) {
        place.leave()
        const refusal = refusalOf(error)
        if (isOfAddress(error)) place.failed()
        if (mayTryAgain(error, isSent)) attempt(error)
        else if (!isGone(reply.raw)) {
          if (isStillSending(reply.request)) reply.header('connection', 'close')
          reply.send(refusal)
        }
      },
      giveUp: (error) => giveUp(error)
    })
    const giveUp = options.connections.dispatch(
      { ...asked, origin: place.address },
      writer,
      route.upstream
    )
  }
  attempt(null)
}
