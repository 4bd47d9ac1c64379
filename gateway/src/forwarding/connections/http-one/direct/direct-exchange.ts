import type { Socket } from 'node:net'
import { type Dispatcher, errors } from 'undici'
import { errorOf } from '../../../faults/guard.ts'
import { TICK_MS } from '../tick.ts'
import { inNextTurn } from './next-turn.ts'
import { type SimpleResponse, simpleResponse } from './simple-response.ts'

type Handler = Dispatcher.DispatchHandler

/** A request that the gateway itself writes on a connection. */
export type DirectRequest = {
  readonly request: Dispatcher.DispatchOptions
  readonly handler: Handler
  /** the whole request */
  readonly text: string
}

/** What the exchange needs of its connection. */
export type DirectLine = {
  readonly socket: Socket
  /** undici reads the response, which begins with these bytes. */
  handOver(asked: DirectRequest, bytes: Buffer): void
  /** Our own code has failed. Ends the connection. Must not throw. */
  fault(error: Error): void
  /** The exchange has ended, and the connection can carry another request. */
  free(): void
}

/**
 * One request on a connection that carried others before, without undici: it is written in one
 * piece, and its response read if that is simple. If not, undici gets the request and the bytes.
 * As undici does, it is not written before the bytes were read that have already arrived: a
 * response without a request, or the end of the connection (GHSA-35p6-xmwp-9g52).
 */
export class DirectExchange implements Dispatcher.DispatchController {
  readonly #asked: DirectRequest
  readonly #line: DirectLine
  #phase: 'waiting' | 'sent' | 'answered' | 'over' = 'waiting'
  /** how many ticks the response may still take to begin; null: any number */
  #ticksLeft: number | null
  readonly paused = false
  aborted = false
  reason: Error | null = null

  constructor(asked: DirectRequest, line: DirectLine) {
    this.#asked = asked
    this.#line = line
    const { headersTimeout } = asked.request
    this.#ticksLeft = headersTimeout ? Math.ceil(headersTimeout / TICK_MS) + 1 : null
    inNextTurn(this)
  }

  /**
   * A turn of the event loop has ended: the request is written, or its connection is free again.
   */
  nextTurn(): void {
    try {
      if (this.#phase === 'waiting') this.#send()
      else if (this.#phase === 'answered') this.#line.free()
    } catch (error) {
      this.#line.fault(errorOf(error))
    }
  }

  #send(): void {
    const { handler, text } = this.#asked
    this.#phase = 'sent'
    handler.onRequestStart?.(this, null)
    if (this.#phase === 'sent') this.#line.socket.write(text, 'latin1')
  }

  /**
   * Takes bytes that have arrived.
   * @param bytes will be overwritten
   * @returns whether the connection may read more
   */
  take(bytes: Buffer): boolean {
    try {
      // They belong to no request: it is not sent, or its response has ended in this turn.
      if (this.#phase !== 'sent') return this.#end(new errors.SocketError('bad response'))
      const response = simpleResponse(bytes)
      if (response !== null) return this.#pass(response)
      this.#phase = 'over'
      this.#line.handOver(this.#rest(), Buffer.from(bytes))
    } catch (error) {
      this.#line.fault(errorOf(error))
    }
    return false
  }

  /** The request, with the time that is left for the head of its response. */
  #rest(): DirectRequest {
    if (this.#ticksLeft === null) return this.#asked
    // undici takes 0 for any time.
    const headersTimeout = Math.max(this.#ticksLeft, 1) * TICK_MS
    return { ...this.#asked, request: { ...this.#asked.request, headersTimeout } }
  }

  #pass({ status, headers, content }: SimpleResponse): boolean {
    const { handler } = this.#asked
    try {
      handler.onResponseStart?.(this, status, headers)
      if (content.length > 0 && this.#phase === 'sent') handler.onResponseData?.(this, content)
    } catch (error) {
      // As undici does.
      this.abort(errorOf(error))
    }
    if (this.#phase !== 'sent') return false
    this.#phase = 'answered'
    inNextTurn(this)
    handler.onResponseEnd?.(this, {})
    return true
  }

  #isOver(): boolean {
    return this.#phase === 'answered' || this.#phase === 'over'
  }

  #end(error: Error): false {
    this.#line.socket.destroy(error)
    return false
  }

  /** The connection has died. */
  fail(error: Error): void {
    if (this.#isOver()) return
    this.#phase = 'over'
    this.#asked.handler.onResponseError?.(this, error)
  }

  /** Called about every `TICK_MS`. */
  tick(): void {
    if (this.#ticksLeft === null || this.#phase !== 'sent') return
    this.#ticksLeft -= 1
    if (this.#ticksLeft === 0) this.#end(new errors.HeadersTimeoutError())
  }

  abort(reason: Error): void {
    if (this.#isOver()) return
    this.aborted = true
    this.reason = reason
    this.fail(reason)
    this.#line.socket.destroy()
  }

  /** A simple response arrives as a whole. */
  pause(): void {}

  resume(): void {}
}
