import type { Readable } from 'node:stream'
import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Passage } from '../journey.ts'
import { upstreamBusy, upstreamTimeout, upstreamUnavailable } from '../refusals.ts'
import { limitedBody } from './limited-body.ts'
import { places } from './places.ts'
import { type ResponseHeaders, responseHeaders } from './response-headers.ts'
import { isReadWhole, wholeBody } from './whole-body.ts'

const BODY_TIMEOUT_MS = 60_000
const CONNECT_TIMEOUT_MS = 2000

export type ForwardOptions = {
  /** what the journey made of a request */
  passageOf: (request: FastifyRequest) => Passage
  /** how long a service may take to begin its answer */
  upstreamTimeoutMs: number
  /** how many requests may be under way at one upstream */
  upstreamConnections: number
}

/**
 * The last stage: @fastify/http-proxy passes the request on, streaming both ways. It decides nothing: the upstream, the
 * path and the headers are the passage's, and it never sends a request twice.
 */
export async function forward(app: FastifyInstance, options: ForwardOptions): Promise<void> {
  const { passageOf, upstreamTimeoutMs, upstreamConnections } = options
  const passage = (request: unknown) => passageOf(request as FastifyRequest)
  const takePlace = places(upstreamConnections)
  app.addHook('preParsing', async (request, _reply, payload) => {
    const { 'transfer-encoding': coding, 'content-length': length } = request.headers
    const { bodyLimitBytes } = passageOf(request).route
    if (coding === undefined && !(Number(length) > 0)) return payload
    if (isReadWhole(bodyLimitBytes)) return wholeBody(payload as Readable, bodyLimitBytes)
    // A body with a length has been judged by it; one in chunks is counted as it comes.
    return coding === undefined ? payload : limitedBody(payload as Readable, bodyLimitBytes)
  })
  await app.register(httpProxy, {
    upstream: '',
    disableCache: true,
    disableRequestLogging: true,
    destroyAgent: true,
    internalRewriteLocationHeader: false,
    undici: {
      connections: upstreamConnections,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      headersTimeout: upstreamTimeoutMs,
      bodyTimeout: BODY_TIMEOUT_MS
    },
    handler: (request, reply, _destination, options) => {
      const { route, target } = passageOf(request)
      const leave = takePlace(route.upstream)
      if (leave === null) throw upstreamBusy()
      reply.raw.once('close', leave)
      return reply.from(forwardedPath(target.path, route.stripPrefix), options)
    },
    replyOptions: {
      getUpstream: (request) => passage(request).route.upstream,
      queryString: (_search, _url, request) => passage(request).target.query.slice(1),
      // A fresh object: the proxy adds to it.
      rewriteRequestHeaders: (request) => ({ ...passage(request).headers }),
      rewriteHeaders: (headers, request) =>
        responseHeaders(headers as ResponseHeaders, passage(request).route),
      retryDelay: () => null,
      onError: answerFault
    }
  } satisfies FastifyHttpProxyOptions)
}

function forwardedPath(path: string, stripPrefix: string | undefined): string {
  const rest = stripPrefix === undefined ? path : path.slice(stripPrefix.length)
  return rest === '' ? '/' : rest
}

/** A fault on the way: the client's own, or an outage of that service, which says nothing about the caller. */
function answerFault(
  reply: { send(refusal: Error): unknown },
  { error }: { error: Error & { statusCode?: number } }
): void {
  if (error.cause instanceof Refusal) reply.send(error.cause)
  else reply.send(error.statusCode === 504 ? upstreamTimeout(error) : upstreamUnavailable(error))
}
