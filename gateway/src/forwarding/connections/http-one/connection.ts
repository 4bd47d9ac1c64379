import type { Socket } from 'node:net'
import { type buildConnector, Client, type Dispatcher } from 'undici'
import { LARGEST_RESPONSE_HEADER_BYTES } from '../../../routes/entry/route.ts'
import type { NoteFault } from '../../faults/guard.ts'
import { guardEvents } from '../../faults/guarded-events.ts'
import { keepReading } from './keep-reading.ts'
import { Gated, type ReadingGate, readingGate } from './reading-gate.ts'

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

/** What is known of the connection. */
type State = {
  /** the attempt to connect; null: there is none */
  connecting: Socket | null
  /** null: it is not connected */
  socket: Socket | null
  gate: ReadingGate | null
  /** the request that it carries, or carried last */
  current: Gated | null
  /** how many responses have begun on it */
  responses: number
  /** for how long the service promises to keep it; 0: it promises nothing */
  promisedMs: number
  /**
   * when the last response began, by the monotonic clock. The service counts from its end, so this
   * is on the safe side
   */
  lastResponseMs: number
}

export function connection(options: ConnectionOptions): Connection {
  const { monotonicClock } = options
  const state: State = {
    connecting: null,
    socket: null,
    gate: null,
    current: null,
    responses: 0,
    promisedMs: 0,
    lastResponseMs: 0
  }
  const client = openClient(state, options)
  const gateOf = () => state.gate
  return {
    get isReused() {
      return state.responses > 0
    },
    isPromised(keptSeconds) {
      if (state.socket?.destroyed !== false) return false
      const keptMs = state.promisedMs || keptSeconds * 1000
      return monotonicClock() - state.lastResponseMs < keptMs - MARGIN_MS
    },
    dispatch(request, handler) {
      state.current = new Gated(handler, gateOf)
      client.dispatch(request, state.current)
    },
    note(headers) {
      state.responses += 1
      state.promisedMs = promiseOf(headers['keep-alive'])
      state.lastResponseMs = monotonicClock()
    },
    giveUp(error) {
      state.connecting?.destroy(error)
    },
    close: () => client.destroy(),
    reset() {
      if (state.socket !== null && !('encrypted' in state.socket)) state.socket.resetAndDestroy()
      void client.destroy()
    }
  }
}

/** undici's client, limited to one connection, whose state it writes. */
function openClient(state: State, options: ConnectionOptions): Client {
  const client = new Client(options.origin, {
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: LARGEST_RESPONSE_HEADER_BYTES,
    keepAliveTimeout: IDLE_MS,
    keepAliveTimeoutThreshold: MARGIN_MS,
    connect(target: buildConnector.Options, done: buildConnector.Callback) {
      state.connecting = options.connect(target, (error, socket) => {
        state.connecting = null
        if (error !== null) return done(error, null)
        adopt(state, socket, options)
        done(null, socket)
      })
    }
  })
  // undici emits this one turn of the event loop after the end of the request, so a connection that
  // closes immediately is noticed.
  client.on('drain', () => {
    if (state.socket === null || state.socket.destroyed) options.onClosed()
    else options.onIdle()
  })
  client.on('disconnect', () => {
    state.socket = null
    if (client.stats.pending === 0) options.onClosed()
  })
  return client
}

/** Takes a connection that has just been made, before undici does. */
function adopt(state: State, socket: Socket, { noteFault, onClosed }: ConnectionOptions): void {
  state.socket = socket
  state.responses = 0
  keepReading(socket)
  state.gate = readingGate(socket)
  guardEvents(socket, {
    onError: (error) => state.current?.cut(error),
    onFault(error) {
      noteFault('connection', error)
      state.socket = null
      state.current?.fail(new BrokenConnection())
      onClosed()
    }
  })
}

/** How long a service promises to keep an idle connection; 0 if it promises nothing. */
function promiseOf(keepAlive: unknown): number {
  const seconds = /(?:^|[,; ])timeout=(\d{1,6})/i.exec(String(keepAlive ?? ''))?.[1]
  return Number(seconds ?? 0) * 1000
}
