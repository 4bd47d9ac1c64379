import type { Socket } from 'node:net'
import { type Dispatcher, errors } from 'undici'
import { errorOf } from '../../../faults/guard.ts'
import type { ContentController } from '../../content-controller.ts'
import { TICK_MS } from '../tick.ts'
import { inNextTurn } from './next-turn.ts'
import type { ReadBuffer } from './read-buffer.ts'
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
  /** where the socket reads */
  readonly reads: ReadBuffer
  /** undici reads the response, which begins with these bytes. */
  handOver(asked: DirectRequest, bytes: Buffer): void
  /** Our own code has failed. Ends the connection. Must not throw. */
  fault(error: Error): void
  /** The exchange has ended, and the connection can carry another request. */
  free(): void
}

/** Shorter content is copied out of the shared buffer, piece by piece. */
const LONG_BYTES = 32 * 1024

/**
 * One request on a connection that carried others before, without undici: it is written in one
 * piece, and its response read if that is simple. If not, undici gets the request and the bytes.
 * As undici does, it is not written before the bytes were read that have already arrived: a
 * response without a request, or the end of the connection (GHSA-35p6-xmwp-9g52).
 *
 * Content is passed on as it arrives. While the handler has paused, the connection is not read, and
 * what arrives stays in the buffers of the operating system.
 */
export class DirectExchange implements ContentController {
  readonly #asked: DirectRequest
  readonly #line: DirectLine
  #phase: 'waiting' | 'sent' | 'begun' | 'answered' | 'over' = 'waiting'
  /** how many ticks the head, or the next piece of the content, may take; null: any number */
  #ticksLeft: number | null
  /** how many bytes of the content have not arrived */
  #left = 0
  /** the last piece that the handler no longer needs */
  #released: Buffer | null = null
  paused = false
  aborted = false
  reason: Error | null = null

  constructor(asked: DirectRequest, line: DirectLine) {
    this.#asked = asked
    this.#line = line
    this.#ticksLeft = ticksOf(asked.request.headersTimeout)
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
   * @param bytes will be overwritten, unless `reads` lends them
   * @returns whether the connection may read more, unless the handler has paused it
   */
  take(bytes: Buffer): boolean {
    try {
      // They belong to no request: it is not sent, or its response has ended in this turn.
      if (this.#phase === 'begun') return this.#passContent(bytes)
      if (this.#phase !== 'sent') return this.#end(new errors.SocketError('bad response'))
      const response = simpleResponse(bytes)
      if (response !== null) return this.#begin(response)
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

  #begin({ status, headers, content, left }: SimpleResponse): boolean {
    const { handler } = this.#asked
    this.#phase = 'begun'
    this.#left = left
    try {
      handler.onResponseStart?.(this, status, headers)
      if (content.length > 0 && !this.#isOver()) handler.onResponseData?.(this, content)
    } catch (error) {
      // As undici does.
      this.abort(errorOf(error))
    }
    if (left > LONG_BYTES) this.#line.reads.beginLong()
    return this.#goOn()
  }

  #passContent(bytes: Buffer): boolean {
    const own = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes
    this.#left -= own.length
    this.#line.reads.lend(own, this.#passPiece)
    const mayGoOn = this.#goOn()
    return own === bytes ? mayGoOn : this.#end(new errors.SocketError('bad response'))
  }

  /** @returns whether the handler no longer needs the piece */
  readonly #passPiece = (piece: Buffer): boolean => {
    try {
      this.#asked.handler.onResponseData?.(this, piece)
    } catch (error) {
      this.abort(errorOf(error))
    }
    return this.#released === piece
  }

  /** Ends the response, or waits for its next piece. */
  #goOn(): boolean {
    if (this.#isOver()) return false
    const { handler, request } = this.#asked
    this.#ticksLeft = ticksOf(request.bodyTimeout)
    if (this.#left > 0) {
      if (this.paused) this.#line.socket.pause()
      return true
    }
    this.#phase = 'answered'
    this.#line.reads.endLong()
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
    const isSent = this.#phase === 'sent'
    if (this.#ticksLeft === null || !(isSent || this.#phase === 'begun')) return
    // The service cannot send anything.
    if (this.paused) return
    this.#ticksLeft -= 1
    if (this.#ticksLeft > 0) return
    this.#end(isSent ? new errors.HeadersTimeoutError() : new errors.BodyTimeoutError())
  }

  abort(reason: Error): void {
    if (this.#isOver()) return
    this.aborted = true
    this.reason = reason
    this.fail(reason)
    this.#line.socket.destroy()
  }

  release(piece: Buffer): void {
    this.#released = piece
  }

  /** After the piece that arrives next, the connection is not read. */
  pause(): void {
    this.paused = true
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    if (this.#isOver()) return
    this.#ticksLeft = ticksOf(this.#asked.request.bodyTimeout)
    // node:net then reads again, also into a given buffer.
    this.#line.socket.read(0)
  }
}

/** null: any number */
const ticksOf = (ms: number | null | undefined): number | null =>
  ms ? Math.ceil(ms / TICK_MS) + 1 : null
