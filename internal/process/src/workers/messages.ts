import type { Registry } from 'prom-client'
import type { StartMessage } from '../start/start-message.ts'

/** How a primary process and its workers talk over their channel. */

/** What a worker does without an answer. */
export type Order = 'end' | 'reload'

/** A request to the ops listener, which the worker answers. */
export type CarriedRequest = {
  readonly method: string
  /** path and query */
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body?: Uint8Array | undefined
}

export type CarriedResponse = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>
  readonly body: Uint8Array
}

/** The metrics of a process, as prom-client exports them. */
export type MetricSnapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/**
 * What a worker is asked, and the type of its answer. `state` asks for something that the worker
 * knows, such as its readiness, and that it answers at once. `request` is an operator's, which may
 * take long.
 */
export type Questions = {
  readonly metrics: { readonly asked: null; readonly answer: MetricSnapshot }
  readonly state: { readonly asked: CarriedRequest; readonly answer: CarriedResponse }
  readonly request: { readonly asked: CarriedRequest; readonly answer: CarriedResponse }
}

export type Question = keyof Questions

/** `request` is null if the metrics are asked for. */
export type ToWorker =
  /** it may close its listeners: no connection is on its way to it */
  | { readonly mayClose: true }
  | { readonly order: Order }
  /** whether an operator has taken the service of all workers out of service */
  | { readonly drainedByOperator: boolean }
  | { readonly ask: number; readonly request: CarriedRequest | null }

export type FromWorker =
  | StartMessage
  /** an operator has told this worker so, and means all of them */
  | { readonly drainAll: boolean }
  /** it has drained, and would close its listeners */
  | { readonly drained: true }
  /** null: the worker could not answer */
  | { readonly answerTo: number; readonly answer: unknown }
  /** the last metrics of a worker that has completed its requests */
  | { readonly lastMetrics: MetricSnapshot }
