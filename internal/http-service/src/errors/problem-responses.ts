import { traceHeader } from '@gatehouse/edge-headers/names'
import { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isHttpTwo } from '../http-two.ts'
import { errorLine } from '../service-log.ts'
import type { ErrorForm } from './error-form.ts'
import { knownMethods } from './known-methods.ts'
import { schemaFault } from './schema-fault.ts'

/** The form of errors that the client of a request expects. */
export type ErrorFormOf = (request: FastifyRequest) => ErrorForm

/**
 * Turns everything that is thrown into a response in a documented form (RFC 9457, or OAuth's), and
 * logs its reason. It is not a plugin, because a plugin is loaded later, and routes that are added
 * before would not be known to have a method.
 */
export function problemResponses(service: FastifyInstance, formOf: ErrorFormOf): void {
  service.addHook('onRequest', (request, reply, next) => {
    reply.header(traceHeader.requestId, request.id)
    next()
  })
  service.setErrorHandler(answersError(formOf))
  const methods = knownMethods(service)
  service.setNotFoundHandler((request, reply) => {
    const allowed = methods(request.url)
    const refusal =
      allowed.length > 0
        ? new Refusal('METHOD_NOT_ALLOWED', {
            reason: 'no route for this method',
            headers: { allow: allowed.join(', ') }
          })
        : new Refusal('NOT_FOUND', { reason: 'no such route' })
    return answer(refusal, request, reply, formOf(request))
  })
}

const answersError =
  (formOf: ErrorFormOf) =>
  (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const refusal = isBrokenOff(request) ? brokenOff(error) : toRefusal(error)
    answer(refusal, request, reply, formOf(request))
  }

function answer(
  refusal: Refusal,
  request: FastifyRequest,
  reply: FastifyReply,
  form: ErrorForm
): FastifyReply {
  logRefusal(refusal, request)
  const { connection, ...headers } = refusal.headers
  // HTTP/2 has no such header, because a request does not own its connection (RFC 9113 §8.2.2).
  if (connection !== undefined && !isHttpTwo(request.raw)) reply.header('connection', connection)
  reply.code(refusal.status).headers({
    // Also set here, because a request that the framework refuses has passed no hook.
    [traceHeader.requestId]: request.id,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers
  })
  if (form.write !== undefined) {
    form.write(refusal, reply)
    return reply
  }
  return reply.type(form.mediaType).send(JSON.stringify(form.document(refusal, request.id)))
}

function logRefusal(refusal: Refusal, request: FastifyRequest): void {
  const line = { code: refusal.code, status: refusal.status, reason: refusal.reason, req: request }
  const cause = refusal.cause instanceof Error ? errorLine(refusal.cause).message : undefined
  if (refusal.status < 500) request.log.info({ ...line, cause }, 'refused')
  else request.log.error({ ...line, err: refusal.cause }, 'failed')
}

/**
 * Whether the client disconnected in the middle of its request. The service is not at fault then,
 * and the client does not read the response.
 */
const isBrokenOff = ({ raw }: FastifyRequest): boolean =>
  // A request without a body has ended with its headers.
  isHttpTwo(raw) ? raw.aborted : raw.destroyed && !raw.complete && !raw.readableEnded

const brokenOff = (cause: unknown) =>
  new Refusal('INVALID_REQUEST', { reason: 'the client disconnected', cause })

function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  // Any value can be thrown, even none.
  const { statusCode, code, validation, validationContext } = (error ?? {}) as Partial<FastifyError>
  if (validation !== undefined) {
    return new Refusal('INVALID_REQUEST', {
      reason: 'the request does not fit its schema',
      detail: schemaFault(validation, validationContext)
    })
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return refusalOfFramework(statusCode, code ?? 'no code')
  }
  return new Refusal('INTERNAL', { reason: 'internal error', cause: error })
}

const frameworkRefusals: Readonly<Record<number, { status: 413 | 414 | 415; detail: string }>> = {
  413: { status: 413, detail: 'the body is too large' },
  414: { status: 414, detail: 'the path with its query is too long' },
  415: { status: 415, detail: 'the content type must be application/json' }
}

/** The framework's own errors (names of RFC 9110), in our words. */
function refusalOfFramework(statusCode: number, code: string): Refusal {
  const known = frameworkRefusals[statusCode]
  return new Refusal('INVALID_REQUEST', {
    reason: code,
    ...(known ?? { detail: 'the request could not be read' })
  })
}
