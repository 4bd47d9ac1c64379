import type { ClientTls } from '@gatehouse/tls/client-tls'
import type { NoteFault } from '../../../faults/guard.ts'

export type SessionOptions = {
  /** the address of the service, as URL.origin */
  readonly origin: string
  readonly tls: ClientTls | null
  /** how long the connection and the settings of the service may take */
  readonly connectMs: number
  /** how long a connection without requests is kept */
  readonly idleMs: number
  /** in milliseconds, never set back */
  readonly monotonicClock: () => number
  readonly noteFault: NoteFault
  /** A stream has ended. */
  onCapacity(): void
  /** The connection has closed, or was never made. */
  onClosed(): void
}
