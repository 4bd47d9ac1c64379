import type { ServiceLog } from '@gatehouse/http-service/service-log'
import type { Tracing } from '@gatehouse/tracing/tracing'
import type { Registry } from 'prom-client'
import type { Job } from './background/background-work.ts'
import type { Cleanup } from './background/retention.ts'
import type { StoreMetrics } from './telemetry/store-metrics.ts'

/** What the process offers to everything that is opened in it. */
export type Ports = {
  readonly log: ServiceLog
  /** for the metrics that each folder adds */
  readonly registry: Registry
  /** watches the calls of the stores, which several folders make */
  readonly storeMetrics: StoreMetrics
  /** records the spans of requests; null: no traces are exported */
  readonly tracing: Tracing | null
  /** in milliseconds, never set back: for pauses, windows and ages */
  readonly monotonicClock: () => number
  /** closes what was opened, the last first, when the process ends or its start fails */
  readonly closing: AsyncDisposableStack
  /** the background work of this process */
  readonly jobs: Job[]
  /** delete old data, in the background */
  readonly cleanups: Cleanup[]
}
