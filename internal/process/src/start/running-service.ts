import type { Registry } from 'prom-client'

/** A running part of the system, which can be stopped without losing requests. */
export type RunningService = {
  readonly name: string
  /** its address, e.g. `http://127.0.0.1:3001` */
  readonly url: string
  /** the address of its health and metrics */
  readonly opsUrl: string
  /** what this process exports; absent if the service runs in another one */
  readonly metrics?: Registry
  /** reloads what can change while it runs, if there is anything */
  reload?(): void
  /** replaces its worker processes, one after the other, if it has any */
  replaceWorkers?(): void
  /**
   * Reports that it is about to end, so that load balancers and clients go elsewhere, and still
   * serves every request. Resolves when they have had time for that. For a service that does not
   * need this, `close` follows at once.
   */
  drain?(): Promise<void>
  /** completes or ends requests in flight, accepts no new ones, and releases everything */
  close(): Promise<void>
  /** the longest time of `drain` and `close` together, in milliseconds */
  readonly endsWithinMs: number
}
