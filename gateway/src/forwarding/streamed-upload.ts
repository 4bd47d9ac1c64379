import { Readable } from 'node:stream'
import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import { isGone } from '@gatehouse/http-service/http-two'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Dispatcher } from 'undici'
import type { Passage } from '../passage.ts'
import { listedMethods } from '../routes/methods.ts'
import { noteAsked } from '../telemetry/trail.ts'
import { isStillSending } from './answer-head.ts'
import { askAddress } from './ask-address.ts'
import type { BodyMemory } from './body-memory.ts'
import type { ExchangePorts } from './exchange.ts'
import { forwardedPath } from './forwarded-path.ts'
import { judgedBody } from './judged-body.ts'
import { isOfAddress, refusalOf } from './upstream-faults.ts'
import type { Place } from './upstreams.ts'
import { BodyInHand } from './whole-body.ts'

type UploadPorts = ExchangePorts & {
  readonly memory: BodyMemory
  readonly passageOf: (request: FastifyRequest) => Passage
  /** forwards a request whose body is in memory */
  readonly passWhole: (request: FastifyRequest, reply: FastifyReply) => void
}

/** The reply that waits, and the place at the address that is asked. */
type Upload = { readonly reply: FastifyReply; readonly place: Place }
/** by body */
type Uploads = WeakMap<object, Upload>

const ANY_TYPE = 'application/octet-stream'

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', ...listedMethods] as const

/**
 * Handles the methods that may have a body: @fastify/http-proxy forwards a streamed body. It
 * decides nothing: the passage determines the address, the path and the headers. The response,
 * which may come before the body has ended, is written like every other one. It never sends a
 * request twice.
 */
export async function streamedUpload(app: FastifyInstance, ports: UploadPorts): Promise<void> {
  const { passageOf, memory } = ports
  for (const method of listedMethods) app.addHttpMethod(method, { hasBody: true })
  // The framework has parsers for some media types, which would buffer and limit the body.
  app.removeAllContentTypeParsers()
  app.addHook('preParsing', async (request, _reply, payload) => {
    const passage = passageOf(request)
    prepareForPlugin(request, passage)
    return judgedBody(request, payload as Readable, passage, memory)
  })
  const uploads: Uploads = new WeakMap()
  const passage = (request: unknown) => passageOf(request as FastifyRequest)
  await app.register(httpProxy, {
    upstream: '',
    httpMethods: [...METHODS],
    disableCache: true,
    disableRequestLogging: true,
    internalRewriteLocationHeader: false,
    undici: {
      request(request: Dispatcher.DispatchOptions, done: (error: Error) => void) {
        dispatchUpload(uploads.get(request.body as object), request, done, ports)
      }
    },
    handler: (request, reply, _destination, from) => {
      if (!isStream(request.body)) ports.passWhole(request, reply)
      else if (!isGone(reply.raw)) {
        const { address, path } = takeUp(reply, request.body, uploads, ports)
        return reply.from(path, { ...from, getUpstream: () => address })
      }
      return reply
    },
    replyOptions: {
      // Only for the plugin's own checks, which may refuse the request. The handler takes a place,
      // and with it the real address.
      getUpstream: (request) => passage(request).route.upstream.addresses[0] ?? '',
      queryString: (_search, _url, request) => passage(request).target.query.slice(1),
      // A new object, because the plugin adds members to it.
      rewriteRequestHeaders: (request) => ({ ...passage(request).headers }),
      retryDelay: () => null,
      onError: (reply, { error }) => refuseUpload(reply as unknown as FastifyReply, error, uploads)
    }
  } as FastifyHttpProxyOptions)
}

/** Makes the plugin accept what it would refuse. The service gets the target of the passage. */
function prepareForPlugin({ raw }: FastifyRequest, passage: Passage): void {
  // The plugin refuses a target in absolute form, which is valid (RFC 9112 §3.2.2), so it gets
  // the target that was matched. Errors, logs and the origin checks use the target as it arrived,
  // which the framework knows by this name.
  Object.assign(raw, { originalUrl: raw.url, url: forwardedPath(passage) })
  // The framework refuses a `Content-Type` that is no media type. A service may accept it, and
  // gets the header of the passage.
  if (raw.headers['content-type'] !== undefined) raw.headers['content-type'] = ANY_TYPE
}

/**
 * Takes a place for an upload, to learn the address that the plugin needs.
 * @throws Refusal if there is none
 */
function takeUp(
  reply: FastifyReply,
  body: Readable,
  uploads: Uploads,
  { passageOf, upstreams }: UploadPorts
): { readonly address: string; readonly path: string } {
  const { route, target, caller } = passageOf(reply.request)
  const place = upstreams.take(route.upstream, caller)
  if (place instanceof Refusal) throw place
  uploads.set(body, { reply, place })
  noteAsked(reply.request.trail, place.address)
  // Until the upload is dispatched.
  reply.raw.once('close', place.leave)
  const path = forwardedPath({ route, target: { ...target, query: '' } })
  return { address: place.address, path }
}

/** @param request as the plugin has made it */
function dispatchUpload(
  upload: Upload | undefined,
  request: Dispatcher.DispatchOptions,
  done: (error: Error) => void,
  ports: UploadPorts
): void {
  if (upload === undefined) throw new Error('upload has no matching request')
  const { reply, place } = upload
  // The client has left, and its place at the service is already free.
  if (isGone(reply.raw)) return
  reply.raw.off('close', place.leave)
  const onFault = (error: Error): void => {
    if (!isGone(reply.raw)) done(error)
  }
  askAddress(place, { request, reply, passage: ports.passageOf(reply.request), onFault }, ports)
}

function refuseUpload(reply: FastifyReply, error: Error, uploads: Uploads): void {
  const { request } = reply
  const cause = causeOf(error)
  if (isOfAddress(cause)) uploads.get(request.body as object)?.place.failed()
  if (isStillSending(request)) reply.header('connection', 'close')
  reply.send(refusalOf(cause))
}

const isStream = (body: unknown): body is Readable =>
  body instanceof Readable && !(body instanceof BodyInHand)

/** The plugin wraps errors in its own; `cause` says what happened. */
const causeOf = (error: Error): Error => (error.cause instanceof Error ? error.cause : error)
