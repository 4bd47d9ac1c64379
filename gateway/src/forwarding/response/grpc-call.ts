import { breakOffUnlessClosed } from '@gatehouse/http-service/http-two'
import type { Refusal } from '@gatehouse/problem/refusal'
import { grpcFields } from '../../grpc/grpc-fields.ts'
import { isGrpc } from '../../grpc/is-grpc.ts'
import { notYet, tokenExpired } from '../../refusals.ts'
import type { Passage } from '../../request/passage.ts'
import { revokedRefusal } from '../../revocation/revoked-refusal.ts'
import { noteGrpcStatus } from '../../telemetry/trail.ts'
import { isHttpTwoService } from '../connections/connections.ts'
import type { EndReason } from '../lifetimes.ts'
import { abandon, type OpenResponse } from './open-response.ts'

/** Whether a request is a gRPC call. Pure. */
export const isCall = ({ route, headers }: Pick<Passage, 'route' | 'headers'>): boolean =>
  isHttpTwoService(route.upstream) && isGrpc(headers['content-type'])

/** A shorter call is not a stream, and may outlive its token as any other request. */
const SHORT_MS = 30_000
/** How long a call may take to end by itself when the gateway shuts down. */
const REST_OF_CALL_MS = 2000
/** How long a client may take to read the end of its call. */
const UNREAD_MS = 5000

const refusalOf = (why: EndReason): Refusal =>
  why === 'TOKEN_EXPIRED' ? tokenExpired() : revokedRefusal(why)

/**
 * Ends a call of any length with its token: at once when the token is revoked, and when it expires.
 * A call that is still short when its token expires has the rest of `SHORT_MS`.
 * On a route with `events`, it also ends a call whose stream is open when the gateway shuts down.
 */
export function watchCall(response: OpenResponse): void {
  const { raw, passage, ports } = response
  const { lifetimes, streams } = ports
  const startedMs = performance.now()
  let rest: NodeJS.Timeout | undefined
  let shutDownEnd: NodeJS.Timeout | undefined
  let unwatchRest = (): void => {}
  const endWith = (refusal: Refusal): void => response.safely(() => end(response, refusal))
  const unwatch = lifetimes.watch(passage.token, (why) => {
    const leftMs = startedMs + SHORT_MS - performance.now()
    if (why !== 'TOKEN_EXPIRED' || leftMs <= 0) {
      endWith(refusalOf(why))
      return
    }
    rest = setTimeout(endWith, leftMs, tokenExpired()).unref()
    unwatchRest = lifetimes.watchRevoked(passage.token, (reason) => endWith(refusalOf(reason)))
  })
  const shutDown = (): void => {
    shutDownEnd ??= setTimeout(() => {
      // A call without a message may still be answered.
      if (response.hasContent) endWith(notYet('the gateway shuts down'))
    }, REST_OF_CALL_MS).unref()
  }
  const stream = { note() {}, shutDown }
  if (passage.route.events) streams.add(stream)
  raw.once('close', () => {
    unwatch()
    unwatchRest()
    clearTimeout(rest)
    clearTimeout(shutDownEnd)
    streams.delete(stream)
  })
}

/** Ends a call with a status, even in the middle of its messages. */
function end(response: OpenResponse, refusal: Refusal): void {
  const { raw, client, chunks, controller, events } = response
  const { trail } = client
  if (response.isOver || raw.writableEnded) return
  if (!response.hasBegun) {
    // The refusal becomes the response.
    if (controller === null) events.giveUp(refusal)
    else controller.abort(refusal)
    return
  }
  const fields = grpcFields(refusal, client.requestId)
  trail.refusal = refusal
  noteGrpcStatus(trail, fields)
  chunks.flush()
  raw.addTrailers(fields)
  raw.end()
  breakOffUnlessClosed(raw, UNREAD_MS)
  abandon(response)
}
