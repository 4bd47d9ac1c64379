import type { Route } from '../routes/route.ts'
import type { VerifiedToken } from '../tokens/access-token-verifier.ts'

/**
 * What became of one request so far, for the access log and the metrics. The stages and the forwarding write into it as they go, so
 * that it also says how far a request came that was refused.
 */
export type Trail = {
  /** in milliseconds of `performance.now()` */
  readonly startedMs: number
  /** as it came: what forwards an upload writes another into the request */
  readonly target: string
  /** the client's, as the trusted proxies say it */
  address: string | undefined
  route: Route | null
  token: VerifiedToken | null
  /** the address of the service that was asked last */
  upstream: string | null
  /** when it was asked, and when it began its answer; 0: not */
  askedMs: number
  answeredMs: number
  /** of the answer's body, as they were sent */
  bytes: number
  /** why the gateway answered by itself */
  refusal: unknown
  /** an open WebSocket took the place of an answer */
  isWebSocket: boolean
  /** The request is over. */
  end: () => void
}

export function newTrail(target: string): Trail {
  return {
    startedMs: performance.now(),
    target,
    address: undefined,
    route: null,
    token: null,
    upstream: null,
    askedMs: 0,
    answeredMs: 0,
    bytes: 0,
    refusal: null,
    isWebSocket: false,
    end: () => {}
  }
}

/** A service is asked; another one may have been before. */
export function noteAsked(trail: Trail, address: string): void {
  trail.upstream = address
  trail.askedMs = performance.now()
  trail.answeredMs = 0
}

export function noteAnswered(trail: Trail): void {
  trail.answeredMs = performance.now()
}
