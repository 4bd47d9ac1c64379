import type { IncomingMessage } from 'node:http'
import { isHttpTwo } from '@gatehouse/http-service/http-two'
import type { OpenSpan } from '@gatehouse/tracing/tracing'
import { isGrpc } from '../grpc/is-grpc.ts'
import type { Route } from '../routes/entry/route.ts'
import type { VerifiedToken } from '../tokens/verified-token.ts'
import { type NamedCaller, namedCaller, type SentHeaders } from './named-caller.ts'

/**
 * What has happened to a request so far, for the access log and the metrics. Each stage and the
 * forwarding write into it, so it also shows how far a refused request came.
 */
export type Trail = {
  /** in milliseconds of `performance.now()` */
  readonly startedMs: number
  /** as the client sent it: forwarding an upload changes the target in the request itself */
  readonly target: string
  /** whether a proxy asks about a request that it forwards itself */
  readonly isVerification: boolean
  /** whether the client speaks gRPC, so that its errors are gRPC statuses */
  readonly isGrpc: boolean
  /** the status with which a gRPC call has ended; null: it has not ended, or is another request */
  grpcStatus: number | null
  /** the request that it asks about, if its description is valid */
  described: { readonly method: string; readonly target: string } | null
  /** the client's address, as the trusted proxies report it */
  address: string | undefined
  route: Route | null
  token: VerifiedToken | null
  /** the caller that the auth service named, of a request with a password or a refresh token */
  namedCaller: NamedCaller | null
  /** the span of the request; null unless its client samples the trace, and traces are exported */
  span: GatewaySpan | null
  /** the `traceparent` that the service gets */
  traceparent: string | undefined
  /** the address of the service that was asked last */
  upstream: string | null
  /** when the request was sent to it, and when its response began; 0: not yet */
  askedMs: number
  answeredMs: number
  /** bytes of the response's body that were sent */
  bytes: number
  /** the error that the gateway answered with; null if a service answered */
  refusal: unknown
  /** whether the request became a WebSocket */
  isWebSocket: boolean
  /** Marks the request as ended. */
  end: () => void
}

/** The span of a request, and the id of the span of the request to its service. */
export type GatewaySpan = OpenSpan & { readonly upstreamSpanId: string }

export function newTrail(raw: IncomingMessage, isVerification: boolean): Trail {
  return {
    startedMs: performance.now(),
    target: raw.url ?? '',
    isVerification,
    isGrpc: isHttpTwo(raw) && isGrpc(raw.headers['content-type']),
    grpcStatus: null,
    described: null,
    address: undefined,
    route: null,
    token: null,
    namedCaller: null,
    span: null,
    traceparent: undefined,
    upstream: null,
    askedMs: 0,
    answeredMs: 0,
    bytes: 0,
    refusal: null,
    isWebSocket: false,
    end: () => {}
  }
}

/** Records that a request is sent to a service, perhaps after another address failed. */
export function noteAsked(trail: Trail, address: string): void {
  trail.upstream = address
  trail.askedMs = performance.now()
  trail.answeredMs = 0
}

/**
 * Records that a response begins.
 * @param headers as the service sent them; none for a WebSocket
 */
export function noteAnswered(trail: Trail, headers: SentHeaders = {}): void {
  trail.answeredMs = performance.now()
  if (trail.route !== null) trail.namedCaller = namedCaller(trail.route, headers)
}

/**
 * Records the status with which a gRPC call ends. Any service may send such a field.
 * @param fields the last header section of the response
 */
export function noteGrpcStatus(trail: Trail, fields: SentHeaders): void {
  if (!trail.isGrpc) return
  const { 'grpc-status': status } = fields
  if (typeof status === 'string' && /^\d{1,2}$/.test(status)) trail.grpcStatus = Number(status)
}
