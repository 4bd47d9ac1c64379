import type { Socket } from 'node:net'
import { type buildConnector, Client, type Dispatcher } from 'undici'
import { LARGEST_ANSWER_HEADER_BYTES } from '../routes/route.ts'
import type { NoteFault } from './guard.ts'
import { guardEvents } from './guarded-events.ts'
import { keepReading } from './keep-reading.ts'
import { type Gated, gated, type ReadingGate, readingGate } from './reading-gate.ts'

/**
 * One connection to a service. It carries one request at a time, and is not opened again after it
 * has closed.
 */
export type Connection = {
  /**
   * whether it has carried a request before, so that the service may be closing it at this moment
   */
  readonly isReused: boolean
  /**
   * Whether the service has promised to keep the connection open for longer than it has been idle.
   * @param keptSeconds the operator's setting, used if the service says nothing
   */
  isPromised(keptSeconds: number): boolean
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void
  /** Reads the promise from the headers of a response. */
  note(headers: Readonly<Record<string, unknown>>): void
  /**
   * Ends an attempt to connect: the waiting request fails with this error. Otherwise does nothing.
   */
  giveUp(error: Error): void
  close(): Promise<void>
  /**
   * Ends an idle connection at once. Its port is free again, where `close` would keep it waiting
   * for a minute (TIME-WAIT, RFC 9293 §3.6.1). Over TLS it is the same as `close`.
   */
  reset(): void
}

/**
 * What undici's connector does: it returns the socket before it is connected, which its type does
 * not say.
 */
export type Connect = (options: buildConnector.Options, done: buildConnector.Callback) => Socket

export type ConnectionOptions = {
  readonly origin: string
  readonly connect: Connect
  /** in milliseconds, never set back */
  readonly monotonicClock: () => number
  readonly noteFault: NoteFault
  /** The connection can carry another request. */
  onIdle(): void
  /** The connection has closed, or was never made. */
  onClosed(): void
}

/** The gateway closes an idle connection after this time if the service promises nothing. */
const IDLE_MS = 4000
/**
 * How much earlier than promised the connection is no longer used: the last response and the next
 * request need time to travel, and both sides can be busy.
 */
const MARGIN_MS = 2000

/** undici has failed, so that nothing is known of the connection. */
class BrokenConnection extends Error {
  override readonly name = 'BrokenConnection'
  readonly code = 'UND_ERR_SOCKET'
}

export function connection(options: ConnectionOptions): Connection {
  const { origin, connect, monotonicClock, noteFault } = options
  let socket: Socket | null = null
  let gate: ReadingGate | null = null
  let current: Gated | null = null
  let connecting: Socket | null = null
  let answers = 0
  let promisedMs = 0
  let idleSinceMs = 0
  const onFault = (error: Error): void => {
    noteFault('connection', error)
    socket = null
    current?.fail(new BrokenConnection())
    options.onClosed()
  }
  const onError = (error: Error): void => current?.cut(error)
  const client = new Client(origin, {
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: LARGEST_ANSWER_HEADER_BYTES,
    keepAliveTimeout: IDLE_MS,
    keepAliveTimeoutThreshold: MARGIN_MS,
    connect(options: buildConnector.Options, done: buildConnector.Callback) {
      connecting = connect(options, (error, made) => {
        connecting = null
        if (error !== null) return done(error, null)
        socket = made
        answers = 0
        keepReading(made)
        gate = readingGate(made)
        guardEvents(made, { onError, onFault })
        done(null, made)
      })
    }
  })
  // undici emits this one turn of the event loop after the end of the request, so a connection that
  // closes immediately is noticed.
  client.on('drain', () => {
    if (socket === null || socket.destroyed) options.onClosed()
    else options.onIdle()
  })
  client.on('disconnect', () => {
    socket = null
    if (client.stats.pending === 0) options.onClosed()
  })

  return {
    get isReused() {
      return answers > 0
    },
    isPromised(keptSeconds) {
      if (socket?.destroyed !== false) return false
      const keptMs = promisedMs || keptSeconds * 1000
      return monotonicClock() - idleSinceMs < keptMs - MARGIN_MS
    },
    dispatch(request, handler) {
      current = gated(handler, () => gate)
      client.dispatch(request, current.handler)
    },
    note(headers) {
      answers += 1
      promisedMs = promiseOf(headers['keep-alive'])
      idleSinceMs = monotonicClock()
    },
    giveUp(error) {
      connecting?.destroy(error)
    },
    close: () => client.destroy(),
    reset() {
      if (socket !== null && !('encrypted' in socket)) socket.resetAndDestroy()
      void client.destroy()
    }
  }
}

/** How long a service promises to keep an idle connection; 0 if it promises nothing. */
function promiseOf(keepAlive: unknown): number {
  const seconds = /(?:^|[,; ])timeout=(\d{1,6})/i.exec(String(keepAlive ?? ''))?.[1]
  return Number(seconds ?? 0) * 1000
}
