import type { IncomingMessage } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { asksForWebSocket } from '@gatehouse/edge-headers/asked-upgrade'
import { requestId } from '@gatehouse/edge-headers/request-id'
import Fastify, { type FastifyServerOptions, LogController } from 'fastify'
import { boundAnswers } from './bound-answers.ts'
import { boundRequests } from './bound-requests.ts'
import { boundSessions } from './bound-sessions.ts'
import { boundStreams, MOST_STREAMS } from './bound-streams.ts'
import { boundedClose } from './bounded-close.ts'
import { answerClientError } from './client-error.ts'
import { drainable } from './draining.ts'
import { problemForm } from './error-form.ts'
import { fewAtATime } from './few-at-a-time.ts'
import { headerLimits } from './header-limits.ts'
import { httpOne } from './http-one.ts'
import { rememberConnections } from './http-two.ts'
import { jsonBodies } from './json-bodies.ts'
import { lazySchemas } from './lazy-schemas.ts'
import { lingeringClose } from './lingering-close.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { answersError, type ErrorFormOf, problemAnswers } from './problem-answers.ts'
import type { ServiceLog } from './service-log.ts'

export type ServiceOptions = {
  log: ServiceLog
  bodyLimitBytes?: number
  /** 'streamed' where bodies are passed on unread */
  bodies?: 'json' | 'streamed'
  /** how long a request may take to come whole */
  requestMs?: number
  /** how long what is under way may take when the service closes */
  closeMs?: number
  /** after which a client of HTTP/2 that asks nothing is told that the service drains */
  silentMs?: number
  /** how long a connection is kept on which nothing is asked, or an answer is not read */
  idleMs?: number
  /** what its header section may take, and a handshake of TLS before it */
  headersMs?: number
  /** where some clients read another form of errors than problem details */
  errorForm?: ErrorFormOf
  /** over TLS HTTP/2 as well, where the client speaks it */
  https?: { cert: Buffer; key: Buffer } | null
}

const BODY_LIMIT_BYTES = 16 * 1024
const limits = {
  maxHeaderSize: headerLimits.maxHeaderSize,
  /** refused in our own words */
  requireHostHeader: false
}
const http2 = {
  allowHTTP1: true,
  /** many streams of one connection, but not any number */
  maxHeaderListPairs: headerLimits.maxHeaderListPairs,
  // Of an answer. Node.js would reset a stream whose answer has more.
  maxSendHeaderBlockLength: headerLimits.maxAnswerHeaderSize,
  /** resets by the client, and how many of them are forgiven each second; over it its connection is ended */
  streamResetBurst: 512,
  streamResetRate: 64,
  settings: {
    maxConcurrentStreams: MOST_STREAMS,
    maxHeaderListSize: headerLimits.maxHeaderListSize
  }
}
const HEADERS_MS = 15_000
/** longer than most proxies keep theirs, so that it is the client that closes */
const IDLE_MS = 65_000
/** How late a request that takes too long may be ended. Node.js looks every 30 s by default. */
const LONGEST_LATENESS_MS = 5000
/** an upload may take a while */
const REQUEST_MS = { json: 30_000, streamed: 300_000 } as const

/**
 * A Fastify instance with the defaults of this system: problem answers for every fault, a well-formed request id, bodies
 * and times bounded, unknown members refused, nothing of a request in the log but its method and path.
 */
export function buildService(options: ServiceOptions) {
  const requestMs = options.requestMs ?? REQUEST_MS[options.bodies ?? 'json']
  const headersMs = options.headersMs ?? HEADERS_MS
  const idleMs = options.idleMs ?? IDLE_MS
  const server = {
    ...limits,
    // Where nothing takes upgrades, Node.js would close the connection of one.
    shouldUpgradeCallback: (request: IncomingMessage) =>
      service.server.listenerCount('upgrade') > 0 && asksForWebSocket(request),
    connectionsCheckingInterval: Math.min(LONGEST_LATENESS_MS, requestMs / 2, headersMs / 2)
  }
  const service = Fastify({
    ...serverOptions(options),
    // Fastify's types choose the server's kind by this option; the instance is the same to all that uses it here.
    ...(options.https
      ? {
          http2: true,
          http2SessionTimeout: idleMs,
          https: { ...options.https, ...server, ...http2, handshakeTimeout: headersMs }
        }
      : { http: server })
  } as FastifyServerOptions).withTypeProvider<TypeBoxTypeProvider>()
  if (options.https) {
    rememberConnections(service.server)
    boundStreams(service)
    boundSessions(service)
    fewAtATime(service)
  }
  // Before all that waits: the order in which requests come is the order in which they are taken up.
  drainable(service, options.silentMs)
  oneAtATime(service)
  httpOne(service)
  lingeringClose(service)
  boundedClose(service, options.closeMs)
  boundRequests(service, { requestMs, headersMs, idleMs })
  boundAnswers(service, idleMs)
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
    // What comes while the service closes is still answered, and told that its connection closes.
    return503OnClosing: false,
    bodyLimit: options.bodyLimitBytes ?? BODY_LIMIT_BYTES,
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError,
    ajv: { customOptions: validation },
    schemaController: { compilersFactory: lazySchemas }
  }
}

const validation = {
  removeAdditional: false,
  coerceTypes: false,
  allErrors: false,
  // TypeBox makes the schemas, and Ajv refuses unknown keywords in them. Checking each schema against the
  // meta-schema, and optimizing the validators' code, would take a tenth of the time that a start takes.
  meta: false,
  validateSchema: false,
  code: { optimize: false }
}
