import { type IncomingMessage, METHODS } from 'node:http'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyInstance, FastifyRequest, FastifyServerOptions } from 'fastify'

/** A request that the router cannot match, as its client sent it. */
type Unrouted = {
  readonly sent: { readonly method: string | undefined; readonly url: string | undefined }
  readonly error: Error
}

const unrouted = new WeakMap<IncomingMessage, Unrouted>()

const known: ReadonlySet<string> = new Set(METHODS)

/**
 * Options with which every request passes the hooks. Without them, the framework itself answers a
 * request that its router cannot match, before any hook: no rule for connections applies to it, and
 * no log and no metric contains it. With them, the router sees a request that it can match instead,
 * and the first hook restores what the client sent.
 */
export const everyRequestRouted: Pick<FastifyServerOptions, 'rewriteUrl' | 'frameworkErrors'> = {
  // HTTP/2 has methods that Node.js does not know.
  rewriteUrl(raw) {
    if (!known.has(raw.method ?? ''))
      divert(raw, malformed('an unknown method', 'not a valid HTTP request'))
    return raw.url ?? ''
  },
  frameworkErrors(error, { raw, server }, reply) {
    const isPath = error.code === 'FST_ERR_BAD_URL'
    divert(raw, isPath ? malformed(error.code, 'the path could not be decoded') : error)
    server.routing(raw, reply.raw)
  }
}

/** Lets the router match a request. The first hook restores what the client sent. */
function divert(raw: IncomingMessage, error: Error): void {
  const { method, url } = raw
  unrouted.set(raw, { sent: { method, url }, error })
  Object.assign(raw, { method: 'GET', url: '/' })
}

/** Call it before all other hooks are added, so that each of them sees what the client sent. */
export function restoreUnrouted(service: FastifyInstance): void {
  service.addHook('onRequest', ({ raw }, _reply, next) => {
    const found = unrouted.get(raw)
    if (found !== undefined) Object.assign(raw, { ...found.sent, originalUrl: found.sent.url })
    next()
  })
}

/** Why the router cannot match a request, which is then refused; null if it has matched it. */
export const unroutedError = ({ raw }: FastifyRequest): Error | null =>
  unrouted.get(raw)?.error ?? null

const malformed = (reason: string, detail: string) =>
  new Refusal('INVALID_REQUEST', { reason, detail, headers: { connection: 'close' } })
