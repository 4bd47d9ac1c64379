import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import { type Reading, withoutContinue } from './unasked-continue.ts'

/**
 * Stops and continues the reading of a connection to a service. It takes the place of undici's own
 * pause: if a service closes a connection that it would keep, while undici's parser is paused,
 * undici discards a response that has arrived completely. Here, what has arrived stays in the
 * buffer of the socket, which is bounded, and the end of the connection is not seen before it.
 */
export type ReadingGate = Pick<Reading, 'expectAnswer'> & {
  close(): void
  open(): void
}

/** For a connection that has none. */
const NO_GATE: ReadingGate = { close() {}, open() {}, expectAnswer() {} }

export function readingGate(socket: Socket): ReadingGate {
  const { expectAnswer, read } = withoutContinue(socket)
  let isClosed = false
  // Node.js reads with a size of 0, which only fills the buffer up to its limit.
  socket.read = (size?: number) => (isClosed && size !== 0 ? null : read(size))
  return {
    expectAnswer,
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

/** A request on a connection, which can be ended from outside. */
export type Gated = {
  readonly handler: Dispatcher.DispatchHandler
  /** Ends the request with this error, whatever its state. Later events are not passed on. */
  fail(error: Error): void
  /**
   * The connection was reset. undici takes that for the end of a response without a length, and it
   * would look complete.
   */
  cut(error: Error): void
}

/**
 * Passes on the events of a request, with a controller that pauses at the gate. The gate opens when
 * the request has ended, and no later call of its handler closes it: what arrives on an idle
 * connection must be read, because bytes without a request, or the end of the connection, must
 * be noticed before the next request is sent on it.
 * @param gateOf the gate of the connection, once it has been made
 */
export function gated(
  handler: Dispatcher.DispatchHandler,
  gateOf: () => ReadingGate | null
): Gated {
  let known: Dispatcher.DispatchController | null = null
  let gate = NO_GATE
  let isOver = false
  let hasBegun = false
  let reset: Error | null = null
  const end = (act: () => void): void => {
    if (isOver) return
    isOver = true
    act()
    gate.open()
  }
  const own = (given: Dispatcher.DispatchController) => known ?? given
  return {
    handler: {
      onRequestStart(given, context) {
        gate = gateOf() ?? NO_GATE
        gate.expectAnswer()
        gate.open()
        known = gatedController(given, gate, () => isOver)
        handler.onRequestStart?.(known, context)
      },
      onResponseStart(given, status, headers, text) {
        hasBegun = true
        if (!isOver) handler.onResponseStart?.(own(given), status, headers, text)
      },
      onResponseData(given, chunk) {
        if (!isOver) handler.onResponseData?.(own(given), chunk)
      },
      onResponseEnd(given, trailers) {
        end(() => {
          if (reset === null) handler.onResponseEnd?.(own(given), trailers)
          else handler.onResponseError?.(own(given), reset)
        })
      },
      onResponseError(given, error) {
        end(() => handler.onResponseError?.(own(given), error))
      }
    },
    fail(error) {
      end(() => handler.onResponseError?.(known ?? noController(error), error))
    },
    cut(error) {
      // Before that, undici sends a request that was not sent yet on another connection.
      if (hasBegun) reset = error
    }
  }
}

const gatedController = (
  given: Dispatcher.DispatchController,
  gate: ReadingGate,
  isOver: () => boolean
): Dispatcher.DispatchController => ({
  get aborted() {
    return given.aborted
  },
  get paused() {
    return given.paused
  },
  get reason() {
    return given.reason
  },
  abort: (reason) => given.abort(reason),
  pause() {
    if (!isOver()) gate.close()
  },
  resume() {
    if (!isOver()) gate.open()
  }
})

/** For a request that undici has not begun. */
const noController = (reason: Error): Dispatcher.DispatchController => ({
  aborted: true,
  paused: false,
  reason,
  abort() {},
  pause() {},
  resume() {}
})
