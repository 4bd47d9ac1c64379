import type { Dispatcher } from 'undici'
import { isBroken } from '../../faults/upstream-faults.ts'
import type { Connection } from './connection.ts'

type SendAgain = (handler: Dispatcher.DispatchHandler) => void
type Controller = Dispatcher.DispatchController
type Headers = Readonly<Record<string, string | string[] | undefined>>

/**
 * Passes on the events of a request, except the death of a connection if the request can be sent
 * again: it was not sent at all, or it is safe to repeat and was sent on a reused connection (RFC
 * 9110 §9.2.2, RFC 9112 §9.3.1).
 */
export class SentAgain implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler
  readonly #connection: Connection
  readonly #isRepeatable: boolean
  readonly #sendAgain: SendAgain | null
  #isSent = false
  #isReused = false
  #isHeard = false

  /**
   * @param sendAgain null if the connection was opened for this request; a failure on it is final
   */
  constructor(
    handler: Dispatcher.DispatchHandler,
    connection: Connection,
    isRepeatable: boolean,
    sendAgain: SendAgain | null
  ) {
    this.#handler = handler
    this.#connection = connection
    this.#isRepeatable = isRepeatable
    this.#sendAgain = sendAgain
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#isSent = true
    this.#isReused = this.#connection.isReused
    this.#handler.onRequestStart?.(controller, context)
  }

  onResponseStart(controller: Controller, status: number, headers: Headers, text?: string): void {
    this.#isHeard = true
    if (status >= 200) this.#connection.note(headers)
    this.#handler.onResponseStart?.(controller, status, headers, text)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk)
  }

  onResponseEnd(controller: Controller, trailers: Headers): void {
    this.#handler.onResponseEnd?.(controller, trailers)
  }

  onResponseError(controller: Controller, error: Error): void {
    const isHarmless = this.#isSent ? this.#isRepeatable && this.#isReused && !this.#isHeard : true
    if (this.#sendAgain !== null && isHarmless && isBroken(error)) this.#sendAgain(this.#handler)
    else this.#handler.onResponseError?.(controller, error)
  }
}
