import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Passage } from '../journey.ts'
import { upstreamTimeout, upstreamUnavailable } from '../refusals.ts'
import { type ResponseHeaders, responseHeaders } from './response-headers.ts'

const HEADERS_TIMEOUT_MS = 30_000
const BODY_TIMEOUT_MS = 60_000
const CONNECT_TIMEOUT_MS = 2000

export type ForwardOptions = {
  /** what the journey made of a request */
  passageOf: (request: FastifyRequest) => Passage
}

/**
 * The last stage: @fastify/http-proxy passes the request on, streaming both ways. It decides nothing: the upstream, the
 * path and the headers are the passage's, and it never sends a request twice.
 */
export async function forward(app: FastifyInstance, { passageOf }: ForwardOptions): Promise<void> {
  const passage = (request: unknown) => passageOf(request as FastifyRequest)
  await app.register(httpProxy, {
    upstream: '',
    disableCache: true,
    disableRequestLogging: true,
    destroyAgent: true,
    internalRewriteLocationHeader: false,
    undici: {
      connect: { timeout: CONNECT_TIMEOUT_MS },
      headersTimeout: HEADERS_TIMEOUT_MS,
      bodyTimeout: BODY_TIMEOUT_MS
    },
    handler: (request, reply, _destination, options) => {
      const { route, target } = passageOf(request)
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

/** A service that does not answer is an outage of that service, and says nothing about the caller. */
function answerFault(
  reply: { send(refusal: Error): unknown },
  { error }: { error: Error & { statusCode?: number } }
): void {
  reply.send(error.statusCode === 504 ? upstreamTimeout(error) : upstreamUnavailable(error))
}
