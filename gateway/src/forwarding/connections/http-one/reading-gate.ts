import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import { type Reading, withoutContinue } from './unasked-continue.ts'

/**
 * Stops and continues the reading of a connection to a service. It takes the place of undici's own
 * pause: if a service closes a connection that was to stay open while undici's parser is paused,
 * undici discards a response that has already arrived completely. Here, what has arrived stays in
 * the buffer of the socket, which is bounded, and the end of the connection is not seen before it.
 */
export type ReadingGate = Pick<Reading, 'expectResponse'> & {
  close(): void
  open(): void
}

/** For a connection that has none. */
const NO_GATE: ReadingGate = { close() {}, open() {}, expectResponse() {} }

export function readingGate(socket: Socket): ReadingGate {
  const { expectResponse, read } = withoutContinue(socket)
  let isClosed = false
  // Node.js reads with a size of 0, which only fills the buffer up to its limit.
  socket.read = (size?: number) => (isClosed && size !== 0 ? null : read(size))
  return {
    expectResponse,
    close() {
      isClosed = true
    },
    open() {
      if (!isClosed) return
      isClosed = false
      // Not at once: this may be called while undici parses what it has read.
      process.nextTick(() => {
        if (!isClosed) socket.emit('readable')
      })
    }
  }
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

/**
 * A request on a connection. It passes on the events of the request, and is the controller that the
 * handler gets, which pauses at the gate. The gate opens when the request has ended, and no later
 * call of the handler closes it: what arrives on an idle connection must be read, because bytes
 * without a request, or the end of the connection, must be noticed before the next request is sent
 * on it. One object does all of it, because there is one for every request.
 */
export class Gated implements Dispatcher.DispatchHandler, Dispatcher.DispatchController {
  readonly #handler: Dispatcher.DispatchHandler
  readonly #gateOf: () => ReadingGate | null
  /** undici's own; null: undici has not begun the request */
  #given: Dispatcher.DispatchController | null = null
  #gate = NO_GATE
  #isOver = false
  #hasBegun = false
  #reset: Error | null = null

  /** @param gateOf the gate of the connection, once it has been made */
  constructor(handler: Dispatcher.DispatchHandler, gateOf: () => ReadingGate | null) {
    this.#handler = handler
    this.#gateOf = gateOf
  }

  /** Ends the request with this error, whatever its state. Later events are not passed on. */
  fail(error: Error): void {
    this.#end(error, {})
  }

  /**
   * The connection was reset. undici takes that for the end of a response without a length, and it
   * would look complete.
   */
  cut(error: Error): void {
    // Before that, undici sends a request that was not sent yet on another connection.
    if (this.#hasBegun) this.#reset = error
  }

  onRequestStart(given: Dispatcher.DispatchController, context: unknown): void {
    this.#gate = this.#gateOf() ?? NO_GATE
    this.#gate.expectResponse()
    this.#gate.open()
    this.#given = given
    this.#handler.onRequestStart?.(this, context)
  }

  onResponseStart(_given: unknown, status: number, headers: Headers, text?: string): void {
    this.#hasBegun = true
    if (!this.#isOver) this.#handler.onResponseStart?.(this, status, headers, text)
  }

  onResponseData(_given: unknown, chunk: Buffer): void {
    if (!this.#isOver) this.#handler.onResponseData?.(this, chunk)
  }

  onResponseEnd(_given: unknown, trailers: Headers): void {
    this.#end(this.#reset, trailers)
  }

  onResponseError(_given: unknown, error: Error): void {
    this.#end(error, {})
  }

  #end(error: Error | null, trailers: Headers): void {
    if (this.#isOver) return
    this.#isOver = true
    if (error === null) this.#handler.onResponseEnd?.(this, trailers)
    else this.#handler.onResponseError?.(this, error)
    this.#gate.open()
  }

  get aborted(): boolean {
    return this.#given?.aborted ?? true
  }

  get paused(): boolean {
    return this.#given?.paused ?? false
  }

  get reason(): Error | null {
    return this.#given?.reason ?? null
  }

  abort(reason: Error): void {
    this.#given?.abort(reason)
  }

  pause(): void {
    if (!this.#isOver) this.#gate.close()
  }

  resume(): void {
    if (!this.#isOver) this.#gate.open()
  }
}
