import { Readable } from 'node:stream'
import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import { isGone } from '@gatehouse/http-service/http-two'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Dispatcher } from 'undici'
import type { Passage } from '../passage.ts'
import { listedMethods } from '../routes/methods.ts'
import { noteAsked } from '../telemetry/trail.ts'
import { answerWriter, isStillSending } from './answer-writer.ts'
import type { BodyMemory } from './body-memory.ts'
import { type ExchangeOptions, patience } from './exchange.ts'
import { forwardedPath } from './forwarded-path.ts'
import { judgedBody } from './judged-body.ts'
import { isOfAddress, refusalOf } from './upstream-faults.ts'
import type { Place } from './upstreams.ts'
import { BodyInHand } from './whole-body.ts'

type StreamedUploadOptions = ExchangeOptions & {
  memory: BodyMemory
  passageOf: (request: FastifyRequest) => Passage
  /** forwards a request whose body is in memory */
  passWhole: (request: FastifyRequest, reply: FastifyReply) => void
}

const ANY_TYPE = 'application/octet-stream'

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', ...listedMethods] as const

/**
 * Handles the methods that may have a body: @fastify/http-proxy forwards a streamed body. It
 * decides nothing: the passage determines the address, the path and the headers. The response,
 * which may come before the body has ended, is written like every other one. It never sends a
 * request twice.
 */
export async function streamedUpload(
  app: FastifyInstance,
  options: StreamedUploadOptions
): Promise<void> {
  const { passageOf, passWhole, connections, upstreams, answerMs, memory } = options
  const { markOrigin, lifetimes, streams, unread, noteFault, table } = options
  const passage = (request: unknown) => passageOf(request as FastifyRequest)
  const uploads = new WeakMap<object, Upload>()

  for (const method of listedMethods) app.addHttpMethod(method, { hasBody: true })
  // The framework has parsers for some media types, which would buffer and limit the body.
  app.removeAllContentTypeParsers()
  app.addHook('preParsing', async (request, _reply, payload) => {
    const passage = passageOf(request)
    // The plugin refuses a target in absolute form, which is valid (RFC 9112 §3.2.2), so it gets
    // the target that was matched. Errors, logs and the origin checks use the target as it arrived,
    // which the framework knows by this name.
    Object.assign(request.raw, { originalUrl: request.raw.url, url: forwardedPath(passage) })
    // The framework refuses a `Content-Type` that is no media type. A service may accept it, and
    // gets the header of the passage.
    const { headers } = request.raw
    if (headers['content-type'] !== undefined) headers['content-type'] = ANY_TYPE
    return judgedBody(request, payload as Readable, passage, memory)
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
        if (upload === undefined) throw new Error('upload has no matching request')
        const { reply, place } = upload
        // The client has left, and its place at the service is already free.
        if (isGone(reply.raw)) return
        reply.raw.off('close', place.leave)
        const passage = passageOf(reply.request)
        const writer = answerWriter(reply, passage, {
          address: place.address,
          table,
          markOrigin,
          lifetimes,
          streams,
          unread,
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
          passage.route.upstream
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
      // Until the upload is dispatched. The place was taken to learn the address.
      reply.raw.once('close', place.leave)
      const path = forwardedPath({ route, target: { ...target, query: '' } })
      return reply.from(path, { ...from, getUpstream: () => place.address })
    },
    replyOptions: {
      // Only for the plugin's own checks, which may refuse the request. The handler takes a place,
      // and with it the real address.
      getUpstream: (request) => passage(request).route.upstream.addresses[0] ?? '',
      queryString: (_search, _url, request) => passage(request).target.query.slice(1),
      // A new object, because the plugin adds members to it.
      rewriteRequestHeaders: (request) => ({ ...passage(request).headers }),
      retryDelay: () => null,
      onError: (reply, { error }) => {
        const { request } = reply as unknown as FastifyReply
        const cause = causeOf(error)
        if (isOfAddress(cause)) uploads.get(request.body as object)?.place.failed()
        if (isStillSending(request)) reply.header('connection', 'close')
        reply.send(refusalOf(cause))
      }
    }
  } as FastifyHttpProxyOptions)
}

/** The reply that waits, and the place at the address that is asked. */
type Upload = { readonly reply: FastifyReply; readonly place: Place }

const isStream = (body: unknown): body is Readable =>
  body instanceof Readable && !(body instanceof BodyInHand)

/** The plugin wraps errors in its own; `cause` says what happened. */
const causeOf = (error: Error): Error => (error.cause instanceof Error ? error.cause : error)
