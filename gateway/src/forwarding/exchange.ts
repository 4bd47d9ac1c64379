import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { isGone, isHttpTwo } from '@gatehouse/http-service/http-two'
import { Refusal } from '@gatehouse/problem/refusal'
import type { Dispatcher } from 'undici'
import type { Passage } from '../request/passage.ts'
import { isForwardedTrailer } from '../request-headers/ended-headers.ts'
import { noteAsked } from '../telemetry/trail.ts'
import { type AskPorts, askAddress } from './ask-address.ts'
import type { Place, Upstreams } from './capacity/upstreams.ts'
import { type AskedRequest, isHttpTwoService } from './connections/connections.ts'
import { isOfAddress, refusalOf, wasNeverSent } from './faults/upstream-faults.ts'
import { announcedTrailers } from './headers/announced-trailers.ts'
import { forwardedPath } from './request/forwarded-path.ts'
import { requestTrailers } from './request/request-trailers.ts'
import { isStillSending } from './response/response-head.ts'
import type { WaitingClient } from './response/waiting-client.ts'

export type ExchangePorts = AskPorts & { readonly upstreams: Upstreams }

/** A request that is being forwarded, and the attempts so far. */
type Exchange = {
  readonly client: WaitingClient
  readonly passage: Passage
  /** the request, without the address that gets it */
  readonly asked: AskedRequest
  readonly ports: ExchangePorts
  /** the addresses that were asked and have failed; null: none has */
  tried: Set<string> | null
  /** how often the request may still be repeated, although an address may have received it */
  repeats: number
}

const NONE: ReadonlySet<string> = new Set()

/** The client understands trailers (RFC 9110 §10.1.4); some services for gRPC require it. */
const TRAILERS = /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i

/** the accepted methods that are safe (RFC 9110 §9.2.1) */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Forwards a request, and its response as it arrives. Another address of the service gets the
 * request only if no address has received it, or if it is safe to repeat and the route allows that.
 * A streamed body is sent once, because it can be read only once.
 */
export function exchange(
  client: WaitingClient,
  passage: Passage,
  body: Buffer | Readable | null,
  ports: ExchangePorts
): void {
  const asked = askedOf(client.request, passage, body)
  const repeats = SAFE.has(asked.method) ? passage.route.retries : 0
  attempt({ client, passage, asked, ports, tried: null, repeats }, null)
}

function askedOf(
  raw: IncomingMessage,
  passage: Passage,
  body: Buffer | Readable | null
): AskedRequest {
  const method = raw.method as Dispatcher.HttpMethod
  const asked: AskedRequest = {
    path: forwardedPath(passage),
    method,
    headers: passage.headers,
    body,
    // If a service does not read the body of a GET, it takes the body for the next request on the
    // connection.
    reset: body !== null && method === 'GET'
  }
  if (!isHttpTwoService(passage.route.upstream)) return asked
  const headers = { ...passage.headers }
  if (TRAILERS.test(String(raw.headers.te ?? ''))) headers.te = 'trailers'
  const announced = body === null ? null : announcedBy(raw)
  if (announced !== null) headers.trailer = announced
  return { ...asked, headers, trailers: () => requestTrailers(raw) }
}

/** Over HTTP/1.1, only a chunked body has trailers (RFC 9112 §7.1.2). */
const announcedBy = (raw: IncomingMessage): string | null =>
  isHttpTwo(raw) || raw.headers['transfer-encoding'] !== undefined
    ? announcedTrailers(raw.headers.trailer, isForwardedTrailer)
    : null

/** @param after why the attempt before it failed */
function attempt(exchange: Exchange, after: Error | null): void {
  const { client, passage, asked, ports, tried } = exchange
  if (isGone(client.raw)) return
  const { upstream } = passage.route
  // If all have failed, they get the request again.
  const others = (tried?.size ?? 0) < upstream.addresses.length ? tried : NONE
  const place = ports.upstreams.take(upstream, passage.caller, others ?? undefined)
  if (place instanceof Refusal) {
    client.refuse(after === null ? place : refusalOf(after))
    return
  }
  noteAsked(client.trail, place.address)
  const onFault = (error: Error, isSent: boolean) => tryAgain(exchange, place, error, isSent)
  askAddress(place, { request: asked, client, passage, onFault }, ports)
}

/** After a failed attempt: sends the request again, or refuses it. */
function tryAgain(exchange: Exchange, place: Place, error: Error, isSent: boolean): void {
  const { client } = exchange
  const refusal = refusalOf(error)
  if (isOfAddress(error)) place.failed()
  exchange.tried ??= new Set()
  exchange.tried.add(place.address)
  if (mayTryAgain(exchange, error, isSent)) attempt(exchange, error)
  else if (!isGone(client.raw)) client.refuse(refusal, isStillSending(client.request))
}

function mayTryAgain(exchange: Exchange, error: Error, isSent: boolean): boolean {
  const { passage, asked, tried } = exchange
  if (error instanceof Refusal) return false
  const { body } = asked
  const isStream = body !== null && !Buffer.isBuffer(body)
  if (!isSent || wasNeverSent(error)) {
    if (isStream && !isUnread(body)) return false
    return (tried?.size ?? 0) < passage.route.upstream.addresses.length
  }
  if (isStream) return false
  exchange.repeats -= 1
  return exchange.repeats >= 0 && refusalOf(error).code === 'UPSTREAM_UNAVAILABLE'
}

/** Whether a streamed body is still whole, so that another address can get it. */
const isUnread = (body: unknown): boolean =>
  body instanceof Readable && !body.readableDidRead && !body.destroyed
