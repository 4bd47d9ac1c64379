import type { Socket } from 'node:net'
import { type Dispatcher, errors } from 'undici'
import { errorOf } from '../../../faults/guard.ts'
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

/** How often `tick` is called. */
export const TICK_MS = 500

/**
 * One request on a connection that carried others before, without undici: it is written in one
 * piece, and its response read if that is simple. If not, undici gets the request and the bytes.
 * As undici does, it is not written before the bytes were read that have already arrived: a
 * response without a request, or the end of the connection (GHSA-35p6-xmwp-9g52).
 */
export class DirectExchange implements Dispatcher.DispatchController {
  readonly #asked: DirectRequest
  readonly #line: DirectLine
  #isSent = false
  #isOver = false
  /** how many ticks the response may take to begin; 0: any number */
  #ticksLeft: number
  readonly paused = false
  aborted = false
  reason: Error | null = null

  constructor(asked: DirectRequest, line: DirectLine) {
    this.#asked = asked
    this.#line = line
    const { headersTimeout } = asked.request
    this.#ticksLeft = headersTimeout ? Math.ceil(headersTimeout / TICK_MS) + 1 : 0
    inNextTurn(this)
  }

  /** A turn of the event loop has ended: the request is written, or its connection is free again. */
  nextTurn(): void {
    try {
      if (this.#isSent) this.#line.free()
      else if (!this.#isOver) this.#send()
    } catch (error) {
      this.#line.fault(errorOf(error))
    }
  }

  #send(): void {
    const { handler, text } = this.#asked
    this.#isSent = true
    handler.onRequestStart?.(this, null)
    if (!this.#isOver) this.#line.socket.write(text, 'latin1')
  }

  /**
   * Takes bytes that have arrived.
   * @param bytes will be overwritten
   * @returns whether the connection may read more
   */
  take(bytes: Buffer): boolean {
    try {
      // They belong to no request: it is not sent, or its response has ended in this turn.
      if (!this.#isSent || this.#isOver) return this.#end(new errors.SocketError('bad response'))
      const response = simpleResponse(bytes)
      if (response !== null) return this.#pass(response)
      this.#isOver = true
      this.#line.handOver(this.#rest(), Buffer.from(bytes))
    } catch (error) {
      this.#line.fault(errorOf(error))
    }
    return false
  }

  /** The request, with the time that is left for the head of its response. */
  #rest(): DirectRequest {
    if (this.#ticksLeft === 0) return this.#asked
    const headersTimeout = this.#ticksLeft * TICK_MS
    return { ...this.#asked, request: { ...this.#asked.request, headersTimeout } }
  }

  #pass({ status, headers, content }: SimpleResponse): boolean {
    const { handler } = this.#asked
    try {
      handler.onResponseStart?.(this, status, headers)
      if (content.length > 0 && !this.#isOver) handler.onResponseData?.(this, content)
    } catch (error) {
      // As undici does.
      this.abort(errorOf(error))
    }
    if (this.#isOver) return false
    this.#isOver = true
    inNextTurn(this)
    handler.onResponseEnd?.(this, {})
    return true
  }

  #end(error: Error): false {
    this.#line.socket.destroy(error)
    return false
  }

  /** The connection has died. */
  fail(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#asked.handler.onResponseError?.(this, error)
  }

  /** Called about every `TICK_MS`. */
  tick(): void {
    if (this.#ticksLeft === 0 || !this.#isSent || this.#isOver) return
    this.#ticksLeft -= 1
    if (this.#ticksLeft === 0) this.#end(new errors.HeadersTimeoutError())
  }

  abort(reason: Error): void {
    if (this.#isOver) return
    this.aborted = true
    this.reason = reason
    this.fail(reason)
    this.#line.socket.destroy()
  }

  /** A simple response arrives as a whole. */
  pause(): void {}

  resume(): void {}
}
