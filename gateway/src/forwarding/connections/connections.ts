import type { OutgoingHttpHeaders } from 'node:http2'
import type { Dispatcher } from 'undici'
import type { Upstream } from '../../routes/upstream/upstream.ts'
import type { NoteFault } from '../faults/guard.ts'
import type { NamedEndpoints } from './endpoint.ts'

/** A request to a service. */
export type AskedRequest = Dispatcher.DispatchOptions & {
  /** the trailers of the request once its body has ended; only HTTP/2 passes them on */
  readonly trailers?: () => OutgoingHttpHeaders | null
}

/**
 * How a service is reached: its protocol, how long it keeps an idle connection open, as the
 * operator says (0: not known), and how its certificate is verified.
 */
export type Service = Pick<Upstream, 'protocol' | 'keepAliveSeconds' | 'tls'>

/**
 * Ends the attempt to connect for a request, which then fails with this error. Does nothing once
 * the request was sent.
 */
export type GiveUp = (error: Error) => void

/** The connections to services. */
export type Connections = {
  /**
   * Sends a request. The caller limits how many are in flight.
   * @returns to be called if the client leaves before the request is sent
   */
  dispatch(request: AskedRequest, handler: Dispatcher.DispatchHandler, service: Service): GiveUp
  /** Closes connections to endpoints that the route table no longer names, once they are idle. */
  keepOnly(named: NamedEndpoints): void
  close(): Promise<void>
}

export type ConnectionsOptions = {
  /** how long an attempt to connect may take */
  readonly connectMs: number
  /** in milliseconds, never set back */
  readonly monotonicClock: () => number
  readonly noteFault: NoteFault
}

export const isHttpTwoService = ({ protocol }: Pick<Upstream, 'protocol'>): boolean =>
  protocol !== 'http/1.1'
