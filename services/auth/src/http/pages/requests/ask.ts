import type { IncomingMessage } from 'node:http'
import { forwardedHeader, gatewayHeader, traceHeader } from '@gatehouse/edge-headers/names'
import type { Service } from '@gatehouse/http-service/build-service'
import type { Identity } from '@gatehouse/identity/fastify'
import type { FastifyReply, FastifyRequest } from 'fastify'
import inject from 'light-my-request'

/** A request to a public route of this service. */
export type Question = {
  readonly method: 'DELETE' | 'GET' | 'PATCH' | 'POST'
  /** without `/auth` */
  readonly path: string
  readonly body?: object
  /** whose account it is about; absent: the route needs no access token */
  readonly identity?: Identity
}

/** What the route has answered. */
export type Answer = {
  readonly status: number
  /** the code of the problem; null: there is none */
  readonly code: string | null
  readonly body: Readonly<Record<string, unknown>>
}

/** The request of a browser for a page, and the language of that page. */
export type Asker = {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly language: string
}

export type Ask = (asker: Asker, question: Question) => Promise<Answer>

/** What the inner request has of the outer one. */
const passedOn = [
  'cookie',
  'host',
  'origin',
  'sec-fetch-site',
  'user-agent',
  gatewayHeader,
  forwardedHeader.for,
  forwardedHeader.proto,
  forwardedHeader.host,
  traceHeader.requestId,
  traceHeader.traceparent
] as const

/**
 * Sends requests of pages to the routes of the same service, inside the process. So whatever a
 * route checks, limits and records holds for its page too.
 */
export function askRoutes(service: Service): Ask {
  const identities = new WeakMap<IncomingMessage, Identity>()
  // A header could be forged. The object of a request belongs to this process.
  service.addHook('onRequest', async (request) => {
    const identity = identities.get(request.raw)
    if (identity !== undefined) request.identity = identity
  })
  return async ({ request, reply, language }, { method, path, body, identity }) => {
    const headers: Record<string, string> = { 'accept-language': language }
    for (const name of passedOn) {
      const value = request.headers[name]
      if (typeof value === 'string') headers[name] = value
    }
    const answer = await inject(
      (raw, response) => {
        if (identity !== undefined) identities.set(raw, identity)
        service.routing(raw, response)
      },
      {
        method,
        url: path,
        headers,
        remoteAddress: request.ip,
        ...(body === undefined ? {} : { payload: body })
      }
    )
    passBack(answer.headers, reply)
    return read(answer.statusCode, answer.body)
  }
}

/** The cookies, the caller's name for the log of the gateway, and when to try again. */
function passBack(headers: Readonly<Record<string, unknown>>, reply: FastifyReply): void {
  for (const [name, value] of Object.entries(headers)) {
    const isPassed = name === 'set-cookie' || name === 'retry-after' || name.startsWith('x-auth-')
    if (isPassed && (typeof value === 'string' || Array.isArray(value))) reply.header(name, value)
  }
}

function read(status: number, text: string): Answer {
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  const { code } = body
  return { status, code: typeof code === 'string' ? code : null, body }
}
