import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { requestId } from '@gatehouse/edge-headers/request-id'
import Fastify, { type FastifyServerOptions, LogController } from 'fastify'
import { answerClientError } from './client-error.ts'
import { problemForm } from './error-form.ts'
import { httpOne } from './http-one.ts'
import { jsonBodies } from './json-bodies.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { answersError, type ErrorFormOf, problemAnswers } from './problem-answers.ts'
import type { RoomLog } from './room-log.ts'

export type ServiceOptions = {
  log: RoomLog
  bodyLimitBytes?: number
  /** 'streamed' where bodies are passed on unread */
  bodies?: 'json' | 'streamed'
  /** the addresses of proxies whose `x-forwarded-*` count; none by default */
  trustProxy?: string[]
  /** where some clients read another form of errors than problem details */
  errorForm?: ErrorFormOf
  /** over TLS HTTP/2 as well, where the client speaks it */
  https?: { cert: Buffer; key: Buffer } | null
}

const BODY_LIMIT_BYTES = 16 * 1024
/** a header section over the size is 431; one that takes longer ends the connection; no Host is refused in our own words */
const limits = { maxHeaderSize: 16 * 1024, headersTimeout: 15_000, requireHostHeader: false }
/** many streams of one connection, but not any number */
const http2 = {
  allowHTTP1: true,
  settings: { maxConcurrentStreams: 128, maxHeaderListSize: limits.maxHeaderSize }
}
const JSON_TIMEOUT_MS = 30_000
/** an upload may take a while */
const STREAM_TIMEOUT_MS = 300_000
const IDLE_CONNECTION_MS = 65_000

/**
 * A Fastify instance with the defaults of this house: problem answers for every fault, a well-formed request id, bodies
 * and times bounded, unknown members refused, nothing of a request in the log but its method and path.
 */
export function buildService(options: ServiceOptions) {
  const service = Fastify({
    ...serverOptions(options),
    // Fastify's types choose the server's kind by this option; the instance is the same to all that uses it here.
    ...(options.https
      ? { http2: true, https: { ...options.https, ...limits, ...http2 } }
      : { http: limits })
  } as FastifyServerOptions).withTypeProvider<TypeBoxTypeProvider>()
  // Before all that waits: the order in which requests come is the order in which they are taken up.
  oneAtATime(service)
  httpOne(service)
  problemAnswers(service, options.errorForm ?? (() => problemForm))
  if (options.bodies !== 'streamed') service.register(jsonBodies)
  return service
}

export type Service = ReturnType<typeof buildService>

function serverOptions(options: ServiceOptions): FastifyServerOptions {
  return {
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    frameworkErrors: answersError(options.errorForm),
    genReqId: (raw) => requestId(raw.headers),
    requestIdHeader: false,
    bodyLimit: options.bodyLimitBytes ?? BODY_LIMIT_BYTES,
    trustProxy: options.trustProxy?.length ? options.trustProxy : false,
    requestTimeout: options.bodies === 'streamed' ? STREAM_TIMEOUT_MS : JSON_TIMEOUT_MS,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } }
  }
}
