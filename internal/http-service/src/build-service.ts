import type { IncomingMessage } from 'node:http'
import type { TlsOptions } from 'node:tls'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { asksForWebSocket } from '@gatehouse/edge-headers/asked-upgrade'
import { requestId } from '@gatehouse/edge-headers/request-id'
import Fastify, { type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify'
import { GatheredRequest, GatheredStreamRequest, gatherFrames } from './bodies/gathered-bodies.ts'
import { jsonBodies } from './bodies/json-bodies.ts'
import { boundedClose } from './closing/bounded-close.ts'
import { closeAfterPoll } from './closing/close-after-poll.ts'
import { drainable } from './closing/draining.ts'
import { lingeringClose } from './closing/lingering-close.ts'
import { openConnections } from './closing/open-connections.ts'
import { answerClientError } from './errors/client-error.ts'
import { problemForm } from './errors/error-form.ts'
import { type ErrorFormOf, problemResponses } from './errors/problem-responses.ts'
import { everyRequestRouted, restoreUnrouted } from './errors/unrouted.ts'
import { httpOne } from './http-one.ts'
import { rememberConnections } from './http-two.ts'
import { lazySchemas } from './lazy-schemas.ts'
import { boundRequests } from './limits/bound-requests.ts'
import { boundResponses } from './limits/bound-responses.ts'
import { boundSessions } from './limits/bound-sessions.ts'
import { boundStreams, MOST_STREAMS } from './limits/bound-streams.ts'
import { boundUnread } from './limits/bound-unread.ts'
import { headerLimits } from './limits/header-limits.ts'
import type { ServiceLog } from './service-log.ts'
import { fewAtATime } from './turns/few-at-a-time.ts'
import { inFront, type TakeFirst, unlessEnding } from './turns/in-front.ts'
import { oneAtATime } from './turns/one-at-a-time.ts'
import { paceConnections } from './turns/paced-connections.ts'

export type ServiceOptions = {
  readonly log: ServiceLog
  readonly bodyLimitBytes?: number
  /** 'streamed' if bodies are passed on unread */
  readonly bodies?: 'json' | 'streamed'
  /** how long a whole request may take to arrive */
  readonly requestMs?: number
  /** how long requests in flight may take when the service closes */
  readonly closeMs?: number
  /** how long an HTTP/2 client may be silent before it is told that the service drains */
  readonly silentMs?: number
  /** how long an idle connection, or one with an unread response, is kept */
  readonly idleMs?: number
  /** how long a header section may take, and a TLS handshake before it */
  readonly headersMs?: number
  /** adds hooks that see each request in its turn, before any other hook can refuse it */
  readonly watch?: (service: FastifyInstance) => void
  /**
   * takes a request in its turn, before the framework, or leaves it to the framework, which gets
   * every request once the service closes or drains
   */
  readonly takeFirst?: TakeFirst
  /** the id of a request; default: the one that it contains, or a new one */
  readonly idOf?: (raw: IncomingMessage) => string
  /** the form of errors, if some clients expect another one than problem details */
  readonly errorForm?: ErrorFormOf
  /** the certificate of a service with TLS, and the authorities of its clients' certificates */
  readonly https?: ServerTls | null
  /** over TLS, including HTTP/2 if the client supports it */
  readonly http2?: boolean
  /** the client to which an address belongs; default: each address is a client */
  readonly clientOf?: (address: string) => string
}

export type ServerTls = Pick<
  TlsOptions,
  'cert' | 'key' | 'ca' | 'minVersion' | 'requestCert' | 'rejectUnauthorized'
>

const BODY_LIMIT_BYTES = 16 * 1024
const limits = {
  IncomingMessage: GatheredRequest,
  maxHeaderSize: headerLimits.maxHeaderSize,
  /** missing Host: refused by our own code */
  requireHostHeader: false,
  /** A request without a body has no stream of one, and emits none of its events. */
  optimizeEmptyRequests: true
}
const http2 = {
  allowHTTP1: true,
  Http1IncomingMessage: GatheredRequest,
  Http2ServerRequest: GatheredStreamRequest,
  maxHeaderListPairs: headerLimits.maxHeaderListPairs,
  // for responses; Node.js would reset a stream with larger response headers
  maxSendHeaderBlockLength: headerLimits.maxResponseHeaderSize,
  // Node.js would drop a line with white space around its value. We refuse the request.
  strictFieldWhitespaceValidation: false,
  /**
   * how many resets of a client are allowed at once, and how many more each second; above that, its
   * connection is closed
   */
  streamResetBurst: 512,
  streamResetRate: 64,
  settings: {
    /** per connection */
    maxConcurrentStreams: MOST_STREAMS,
    maxHeaderListSize: headerLimits.maxHeaderListSize
  }
}
const HEADERS_MS = 15_000
/** longer than most proxies keep theirs, so that the client closes first */
const IDLE_MS = 65_000
/** How late a request that takes too long may be ended. By default, Node.js checks every 30 s. */
const LONGEST_LATENESS_MS = 5000
/** an upload may take a while */
const REQUEST_MS = { json: 30_000, streamed: 300_000 } as const

/**
 * A Fastify instance with the defaults of this system: problem documents for every error, a
 * well-formed request id, limits on bodies and times, unknown members refused, and nothing of a
 * request in the log except its method and path.
 */
export function buildService(options: ServiceOptions) {
  const requestMs = options.requestMs ?? REQUEST_MS[options.bodies ?? 'json']
  const headersMs = options.headersMs ?? HEADERS_MS
  const idleMs = options.idleMs ?? IDLE_MS
  const times = { requestMs, headersMs, idleMs }
  // If nothing handles upgrades, Node.js would close the connection of a request for one.
  const takesUpgrades = (): boolean => service.server.listenerCount('upgrade') > 0
  const service = Fastify({
    ...serverOptions(options),
    ...everyRequestRouted,
    ...listenerOptions(options, times, takesUpgrades)
  } as FastifyServerOptions).withTypeProvider<TypeBoxTypeProvider>()
  // Each call of `inFront` puts its decision before the earlier ones. So a request passes, in this
  // order: oneAtATime, fewAtATime (HTTP/2), `takeFirst`, and then the framework.
  if (options.takeFirst !== undefined) inFront(service, unlessEnding(service, options.takeFirst))
  if (isHttpTwo(options)) {
    const clientOf = options.clientOf ?? ((address: string) => address)
    paceConnections(service, clientOf)
    rememberConnections(service.server)
    boundStreams(service)
    boundUnread(service)
    boundSessions(service, headersMs)
    fewAtATime(service, clientOf)
    gatherFrames(service)
  }
  restoreUnrouted(service)
  oneAtATime(service)
  const connections = openConnections(service)
  drainable(service, connections, options.silentMs)
  options.watch?.(service)
  httpOne(service, idleMs)
  lingeringClose(service, connections)
  boundedClose(service, connections, options.closeMs)
  closeAfterPoll(service, connections)
  boundRequests(service, times)
  boundResponses(service, idleMs)
  problemResponses(service, options.errorForm ?? (() => problemForm))
  if (options.bodies !== 'streamed') service.register(jsonBodies)
  return service
}

const isHttpTwo = ({ https, http2 }: ServiceOptions): boolean => https != null && http2 === true

/**
 * The kind of the listener. Fastify's types derive the kind of the server from these options; the
 * code here uses the instance in the same way for all kinds.
 */
function listenerOptions(
  options: ServiceOptions,
  { requestMs, headersMs, idleMs }: { requestMs: number; headersMs: number; idleMs: number },
  takesUpgrades: () => boolean
): object {
  const server = {
    ...limits,
    shouldUpgradeCallback: (request: IncomingMessage) =>
      takesUpgrades() && asksForWebSocket(request),
    connectionsCheckingInterval: Math.min(LONGEST_LATENESS_MS, requestMs / 2, headersMs / 2)
  }
  if (!options.https) return { http: server }
  const https = { ...options.https, ...server, handshakeTimeout: headersMs }
  if (!isHttpTwo(options)) return { https }
  return { https: { ...https, ...http2 }, http2: true, http2SessionTimeout: idleMs }
}

export type Service = ReturnType<typeof buildService>

function serverOptions(options: ServiceOptions): FastifyServerOptions {
  return {
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: options.idOf ?? ((raw) => requestId(raw.headers)),
    requestIdHeader: false,
    // Requests that arrive while the service closes are still answered, and told that the
    // connection closes.
    return503OnClosing: false,
    // Schemas limit parameters, such as an e-mail address.
    routerOptions: { maxParamLength: headerLimits.maxHeaderSize },
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
  // TypeBox makes the schemas, and Ajv refuses unknown keywords in them. Checking each schema
  // against the meta-schema, and optimizing the validators' code, would take a tenth of the time
  // that a start takes.
  meta: false,
  validateSchema: false,
  code: { optimize: false }
}
