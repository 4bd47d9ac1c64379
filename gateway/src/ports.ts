import type { ServiceLog } from '@gatehouse/http-service/service-log'
import type { Registry } from 'prom-client'

/** What the process offers to everything that is opened in it. */
export type Ports = {
  readonly log: ServiceLog
  readonly metrics: Registry
  /** closes what was opened, the last first, when the process ends or its start fails */
  readonly closing: AsyncDisposableStack
  /** the wall clock, in milliseconds since 1970 */
  readonly clock: () => number
  /** in milliseconds, never set back: for pauses, windows and ages */
  readonly monotonicClock: () => number
}
