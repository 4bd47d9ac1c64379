import { Readable } from 'node:stream'
import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import { isGone } from '@gatehouse/http-service/http-two'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Dispatcher } from 'undici'
import type { Passage } from '../journey.ts'
import { listedMethods } from '../routes/methods.ts'
import { noteAsked } from '../telemetry/trail.ts'
import { answerWriter, isStillSending } from './answer-writer.ts'
import { type ExchangeNeeds, patience } from './exchange.ts'
import { forwardedPath } from './forwarded-path.ts'
import { judgedBody } from './judged-body.ts'
import { refusalOf } from './upstream-faults.ts'
import type { Place } from './upstreams.ts'
import { BodyInHand } from './whole-body.ts'

type StreamedUploadOptions = ExchangeNeeds & {
  passageOf: (request: FastifyRequest) => Passage
  /** takes over a request whose body is in hand */
  passWhole: (request: FastifyRequest, reply: FastifyReply) => void
}

const ANY_TYPE = 'application/octet-stream'

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', ...listedMethods] as const

/**
 * The methods that may have a body: @fastify/http-proxy passes on one that streams. It decides nothing: the address, the
 * path and the headers are the passage's, the answer, which may come before the body has ended, is written as every other
 * one, and it never sends a request twice.
 */
export async function streamedUpload(
  app: FastifyInstance,
  options: StreamedUploadOptions
): Promise<void> {
  const { passageOf, passWhole, connections, upstreams, answerMs } = options
  const { markOrigin, lifetimes, streams, noteFault, table } = options
  const passage = (request: unknown) => passageOf(request as FastifyRequest)
  const uploads = new WeakMap<object, Upload>()

  for (const method of listedMethods) app.addHttpMethod(method, { hasBody: true })
  // Some media types have a parser of the framework, which would hold and cut the body.
  app.removeAllContentTypeParsers()
  app.addHook('preParsing', async (request, _reply, payload) => {
    const passage = passageOf(request)
    // The proxy refuses a target in absolute form, which is valid (RFC 9112 §3.2.2), so it is shown what was matched.
    // Errors, logs and what is said of origins go by the path that came, which the framework knows by this name.
    Object.assign(request.raw, { originalUrl: request.raw.url, url: forwardedPath(passage) })
    // The framework refuses what it cannot read as a media type. A service may accept it, and it gets the passage's header.
    const { headers } = request.raw
    if (headers['content-type'] !== undefined) headers['content-type'] = ANY_TYPE
    return judgedBody(request, payload as Readable, passage.route.bodyLimitBytes)
  })
  await app.register(httpProxy, {
    upstream: '',
    httpMethods: [...METHODS],
    disableCache: true,
    disableRequestLogging: true,
    internalRewriteLocationHeader: false,
    undici: {
      request(request: Dispatcher.DispatchOptions, done: (error: Error) => void) {
        const upload = uploads.get(request.body as object)
        if (upload === undefined) throw new Error('a body was to be sent that is no request’s')
        const { reply, place } = upload
        // Its place is free; nothing else waits for it.
        if (isGone(reply.raw)) return
        reply.raw.off('close', place.leave)
        const passage = passageOf(reply.request)
        const writer = answerWriter(reply, passage, {
          address: place.address,
          table,
          markOrigin,
          lifetimes,
          streams,
          noteFault,
          onAnswer: place.answered,
          onEnd: place.leave,
          onFault(error) {
            place.leave()
            if (!isGone(reply.raw)) done(error)
          },
          giveUp: (error) => giveUp(error)
        })
        const giveUp = connections.dispatch(
          { ...request, ...patience(passage.route, answerMs) },
          writer,
          passage.route.upstream.keepAliveSeconds
        )
      }
    },
    handler: (request, reply, _destination, from) => {
      if (!isStream(request.body)) {
        passWhole(request, reply)
        return reply
      }
      if (isGone(reply.raw)) return reply
      const { route, target, caller } = passageOf(request)
      const place = upstreams.take(route.upstream, caller)
      if (place instanceof Refusal) throw place
      uploads.set(request.body, { reply, place })
      noteAsked(request.trail, place.address)
      // Until it is dispatched; the place was taken to know where to.
      reply.raw.once('close', place.leave)
      const path = forwardedPath({ route, target: { ...target, query: '' } })
      return reply.from(path, { ...from, getUpstream: () => place.address })
    },
    replyOptions: {
      // Only for the proxy's own checks, which may refuse the request. The handler takes a place, and with it the address.
      getUpstream: (request) => passage(request).route.upstream.addresses[0] ?? '',
      queryString: (_search, _url, request) => passage(request).target.query.slice(1),
      // A fresh object: the proxy adds to it.
      rewriteRequestHeaders: (request) => ({ ...passage(request).headers }),
      retryDelay: () => null,
      onError: (reply, { error }) => {
        const { request } = reply as unknown as FastifyReply
        const refusal = refusalOf(causeOf(error))
        if (refusal.code === 'UPSTREAM_UNAVAILABLE')
          uploads.get(request.body as object)?.place.failed()
        if (isStillSending(request)) reply.header('connection', 'close')
        reply.send(refusal)
      }
    }
  } as FastifyHttpProxyOptions)
}

/** Who waits for the answer, and where it is asked for. */
type Upload = { readonly reply: FastifyReply; readonly place: Place }

const isStream = (body: unknown): body is Readable =>
  body instanceof Readable && !(body instanceof BodyInHand)

/** The plugin's errors are its own; the cause is what happened. */
const causeOf = (error: Error): Error => (error.cause instanceof Error ? error.cause : error)
