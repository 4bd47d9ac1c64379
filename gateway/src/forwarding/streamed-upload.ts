import { Readable } from 'node:stream'
import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Dispatcher } from 'undici'
import type { Passage } from '../journey.ts'
import { upstreamBusy } from '../refusals.ts'
import type { ExchangeNeeds } from './exchange.ts'
import { forwardedPath } from './forwarded-path.ts'
import { limitedBody } from './limited-body.ts'
import { type ResponseHeaders, responseHeaders } from './response-headers.ts'
import { refusalOf } from './upstream-faults.ts'
import type { Place } from './upstreams.ts'
import { BodyInHand, isReadWhole, wholeBody } from './whole-body.ts'

type StreamedUploadOptions = ExchangeNeeds & {
  passageOf: (request: FastifyRequest) => Passage
  /** takes over a request whose body is in hand */
  passWhole: (request: FastifyRequest, reply: FastifyReply) => void
}

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/**
 * The methods that may have a body: @fastify/http-proxy passes on one that streams, and its answer, which may come before
 * the body has ended. It decides nothing: the address, the path and the headers are the passage's, and it never sends a
 * request twice.
 */
export async function streamedUpload(
  app: FastifyInstance,
  options: StreamedUploadOptions
): Promise<void> {
  const { passageOf, passWhole, dispatcher, upstreams, answerMs } = options
  const passage = (request: unknown) => passageOf(request as FastifyRequest)
  const placeOf = placesOfRequests(passageOf, upstreams)
  const gone = new WeakMap<object, AbortSignal>()

  // Some media types have a parser of the framework, which would hold and cut the body.
  app.removeAllContentTypeParsers()
  app.addHook('preParsing', async (request, _reply, payload) =>
    judgedBody(request, payload as Readable, passageOf(request).route.bodyLimitBytes)
  )
  await app.register(httpProxy, {
    upstream: '',
    httpMethods: [...METHODS],
    disableCache: true,
    disableRequestLogging: true,
    internalRewriteLocationHeader: false,
    undici: {
      // The client may leave after its body has ended: then nobody waits for the answer.
      request: (request: Dispatcher.RequestOptions, done: (error: Error | null) => void) =>
        dispatcher.request(
          { ...request, signal: gone.get(request.body as object) ?? null },
          done as never
        )
    },
    handler: (request, reply, _destination, from) => {
      if (!isStream(request.body)) {
        passWhole(request, reply)
        return reply
      }
      const { route, target } = passageOf(request)
      const place = placeOf(request)
      const leaving = new AbortController()
      gone.set(request.body, leaving.signal)
      reply.raw.once('close', () => {
        place.leave()
        if (!reply.raw.writableFinished) leaving.abort()
      })
      const timeout = (route.answerSeconds ?? 0) * 1000 || answerMs
      const path = forwardedPath({ route, target: { ...target, query: '' } })
      return reply.from(path, { ...from, timeout })
    },
    replyOptions: {
      getUpstream: (request) => {
        const inHand = !isStream((request as unknown as FastifyRequest).body)
        const [first = ''] = passage(request).route.upstream.addresses
        return inHand ? first : placeOf(request as unknown as FastifyRequest).address
      },
      queryString: (_search, _url, request) => passage(request).target.query.slice(1),
      // A fresh object: the proxy adds to it.
      rewriteRequestHeaders: (request) => ({ ...passage(request).headers }),
      rewriteHeaders: (headers, request) =>
        responseHeaders(headers as ResponseHeaders, passage(request).route),
      retryDelay: () => null,
      onError: (reply, { error }) => {
        const { request } = reply as unknown as FastifyReply
        const refusal = refusalOf(causeOf(error))
        if (refusal.code === 'UPSTREAM_UNAVAILABLE') placeOf(request).failed()
        reply.send(refusal)
      }
    }
  } as FastifyHttpProxyOptions)
}

const isStream = (body: unknown): body is Readable =>
  body instanceof Readable && !(body instanceof BodyInHand)

/** A small body is read here; a larger one with a length has been judged by it, and one in chunks is counted as it comes. */
async function judgedBody({ headers }: FastifyRequest, payload: Readable, limitBytes: number) {
  const { 'transfer-encoding': coding, 'content-length': length } = headers
  if (coding === undefined && !(Number(length) > 0)) return payload
  if (isReadWhole(limitBytes)) return wholeBody(payload, limitBytes)
  return coding === undefined ? payload : limitedBody(payload, limitBytes)
}

/** The plugin's errors are its own; the cause is what happened. */
const causeOf = (error: Error): Error => (error.cause instanceof Error ? error.cause : error)

/** The place that a request has taken. @throws Refusal UNAVAILABLE where there is none */
function placesOfRequests(
  passageOf: (request: FastifyRequest) => Passage,
  upstreams: ExchangeNeeds['upstreams']
) {
  const places = new WeakMap<FastifyRequest, Place>()
  return (request: FastifyRequest): Place => {
    const taken = places.get(request) ?? upstreams.take(passageOf(request).route.upstream)
    if (taken === null) throw upstreamBusy()
    places.set(request, taken)
    return taken
  }
}
