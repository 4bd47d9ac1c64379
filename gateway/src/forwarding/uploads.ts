import { Readable } from 'node:stream'
import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import { mayTakeAnyTime } from '@gatehouse/http-service/bound-requests'
import { isGone } from '@gatehouse/http-service/http-two'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Passage } from '../request/passage.ts'
import { listedMethods } from '../routes/entry/methods.ts'
import { type ExchangePorts, exchange } from './exchange.ts'
import { forwardedPath } from './request/forwarded-path.ts'
import { type BodyPorts, judgedBody } from './request/judged-body.ts'
import { BodyInHand } from './request/whole-body.ts'
import { isCall } from './response/grpc-call.ts'
import { clientOf } from './response/waiting-client.ts'

type UploadPorts = ExchangePorts &
  BodyPorts & {
    readonly passageOf: (request: FastifyRequest) => Passage
  }

/** which reply waits for the request with this body */
type Replies = WeakMap<object, FastifyReply>

const ANY_TYPE = 'application/octet-stream'

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', ...listedMethods] as const

/**
 * Handles the methods that may have a body. A small body is forwarded once it is complete, a large
 * one as it arrives, by @fastify/http-proxy, and then the request is never sent twice. The plugin
 * decides nothing: the passage determines the address, the path and the headers, and `exchange` is
 * its transport. The response, which may come before the body has ended, is written like every
 * other one.
 */
export async function uploads(app: FastifyInstance, ports: UploadPorts): Promise<void> {
  const { passageOf } = ports
  for (const method of listedMethods) app.addHttpMethod(method, { hasBody: true })
  // The framework has parsers for some media types, which would buffer and limit the body.
  app.removeAllContentTypeParsers()
  app.addHook('preParsing', async (request, _reply, payload) => {
    const passage = passageOf(request)
    prepareForPlugin(request, passage)
    return judgedBody(request, payload as Readable, passage, ports)
  })
  const replies: Replies = new WeakMap()
  const addressOf = (request: unknown) =>
    passageOf(request as FastifyRequest).route.upstream.addresses[0] ?? ''
  await app.register(httpProxy, {
    upstream: '',
    httpMethods: [...METHODS],
    disableCache: true,
    disableRequestLogging: true,
    internalRewriteLocationHeader: false,
    undici: {
      request: ({ body }: { body: object }) => passStream(replies.get(body), body, ports)
    },
    handler: (_request, reply, _destination, from) => {
      if (!isGone(reply.raw)) pass(reply, from, replies, ports)
      return reply
    },
    replyOptions: {
      // Only for the plugin's own checks: `exchange` chooses the address.
      getUpstream: addressOf,
      queryString: (_search, _url, request) =>
        passageOf(request as FastifyRequest).target.query.slice(1),
      // A new object, because the plugin adds members to it.
      rewriteRequestHeaders: (request) => ({ ...passageOf(request as FastifyRequest).headers }),
      retryDelay: () => null
    }
  } as FastifyHttpProxyOptions)
}

/** Makes the plugin accept what it would refuse. The service gets the target of the passage. */
function prepareForPlugin({ raw }: FastifyRequest, passage: Passage): void {
  // The plugin refuses a target in absolute form, which is valid (RFC 9112 §3.2.2), so it gets
  // the target that was matched. Errors, logs and the origin checks use the target as it arrived,
  // which the framework knows by this name.
  Object.assign(raw, { originalUrl: raw.url, url: forwardedPath(passage) })
  // The framework refuses a `Content-Type` that is not a media type. A service may accept it, and
  // gets the header of the passage.
  if (raw.headers['content-type'] !== undefined) raw.headers['content-type'] = ANY_TYPE
}

/** Forwards a request by the plugin if its body is a stream. */
function pass(reply: FastifyReply, from: object, replies: Replies, ports: UploadPorts): void {
  const { body, raw } = reply.request
  const passage = ports.passageOf(reply.request)
  const { route, target } = passage
  if (route.events && isCall(passage)) mayTakeAnyTime(raw)
  if (!isStream(body)) {
    exchange(clientOf(reply), passage, body instanceof BodyInHand ? body.bytes : null, ports)
    return
  }
  replies.set(body, reply)
  reply.from(forwardedPath({ route, target: { ...target, query: '' } }), from)
}

/** The plugin's transport. */
function passStream(reply: FastifyReply | undefined, body: object, ports: UploadPorts): void {
  if (reply === undefined || !isStream(body)) throw new Error('upload has no matching request')
  if (!isGone(reply.raw)) exchange(clientOf(reply), ports.passageOf(reply.request), body, ports)
}

const isStream = (body: unknown): body is Readable =>
  body instanceof Readable && !(body instanceof BodyInHand)
