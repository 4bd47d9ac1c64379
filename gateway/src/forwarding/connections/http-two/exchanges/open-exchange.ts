import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import type { Dispatcher } from 'undici'
import type { NoteFault } from '../../../faults/guard.ts'
import type { Upload } from '../uploads/upload.ts'
import type { Claim } from '../uploads/upload-claim.ts'
import { cancel } from './cancel.ts'
import type { Patience } from './patience.ts'

/** A request to a service over HTTP/2, and what has happened to it so far. */
export type Exchange = {
  readonly head: OutgoingHttpHeaders
  readonly handler: Dispatcher.DispatchHandler
  readonly controller: Dispatcher.DispatchController
  readonly upload: Upload
  /** null: it has no body */
  readonly claim: Claim | null
  readonly patience: Patience
  readonly noteFault: NoteFault
  /** the stream that carries it; null: it waits for a connection */
  stream: ClientHttp2Stream | null
  /** The service is late: checks the connection of the stream. */
  doubtConnection: () => void
  /** whether a stream has carried it */
  hasStarted: boolean
  /** whether the final response has begun */
  isAnswered: boolean
  /** whether the handler got the last event */
  isOver: boolean
}

/** Ends a request with an error, whatever its state, and tells the service that it ends. */
export function endWith(exchange: Exchange, error: Error): void {
  if (exchange.isOver) return
  exchange.isOver = true
  exchange.patience.end()
  // A body of which nothing was sent may still go to another address.
  if (exchange.hasStarted) exchange.upload.stop()
  const { stream } = exchange
  if (stream !== null) cancel(stream)
  exchange.handler.onResponseError?.(exchange.controller, error)
}
