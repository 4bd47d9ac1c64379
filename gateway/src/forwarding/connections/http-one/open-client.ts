import type { Socket } from 'node:net'
import { type buildConnector, Client } from 'undici'
import { LARGEST_RESPONSE_HEADER_BYTES } from '../../../routes/entry/route.ts'
import { guardEvents } from '../../faults/guarded-events.ts'
import type { ConnectionOptions } from './connection-options.ts'
import type { DirectExchange } from './direct/direct-exchange.ts'
import { type IdleTime, NEVER_IDLE } from './idle-time.ts'
import { keepReading } from './keep-reading.ts'
import { type Gated, type ReadingGate, readingGate } from './reading-gate.ts'

/** undici has failed, so that nothing is known of the connection. */
class BrokenConnection extends Error {
  override readonly name = 'BrokenConnection'
  readonly code = 'UND_ERR_SOCKET'
}

/** What is known of the connection. */
export type State = {
  /** the attempt to connect; null: there is none */
  connecting: Socket | null
  /** null: it is not connected */
  socket: Socket | null
  gate: ReadingGate | null
  /** the request of undici that it carries, or carried last */
  current: Gated | null
  /** the request that it carries without undici; null: there is none */
  direct: DirectExchange | null
  /** whether it has passed bytes to `onBytes`, and so can carry requests without undici */
  isDirect: boolean
}

/** undici's client, limited to one connection, whose state it writes. */
export function openClient(state: State, idle: IdleTime, options: ConnectionOptions): Client {
  const onBytes = (bytes: Buffer): boolean => {
    const { direct, socket } = state
    state.isDirect = true
    return direct === null ? (socket?.push(Buffer.from(bytes)) ?? true) : direct.take(bytes)
  }
  const client = new Client(options.origin, {
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: LARGEST_RESPONSE_HEADER_BYTES,
    ...NEVER_IDLE,
    connect(target: buildConnector.Options, done: buildConnector.Callback) {
      const connected: buildConnector.Callback = (error, socket) => {
        state.connecting = null
        if (error !== null) return done(error, null)
        adopt(state, socket, options)
        idle.reset()
        done(null, socket)
      }
      state.connecting = options.connect(target, connected, onBytes)
    }
  })
  // undici emits this one turn of the event loop after the end of the request, so a connection that
  // closes immediately is noticed.
  client.on('drain', () => {
    if (state.socket === null || state.socket.destroyed) options.onClosed()
    else becomeIdle(state, idle, options)
  })
  client.on('disconnect', (_origin, _targets, error) => {
    state.socket = null
    state.isDirect = false
    idle.end()
    state.direct?.fail(error)
    state.direct = null
    if (client.stats.pending === 0) options.onClosed()
  })
  return client
}

/** The connection can carry another request, unless its service is about to close it. */
export function becomeIdle({ socket }: State, idle: IdleTime, { onIdle }: ConnectionOptions): void {
  if (idle.begin()) onIdle()
  else socket?.destroy()
}

/** Takes a connection that has just been made, before undici does. */
function adopt(state: State, socket: Socket, options: ConnectionOptions): void {
  state.socket = socket
  keepReading(socket)
  state.gate = readingGate(socket)
  guardEvents(socket, {
    onError: (error) => state.current?.cut(error),
    onFault: (error) => fail(state, error, options)
  })
}

/** An internal error ends the connection, and the request on it. */
export function fail(state: State, error: Error, { noteFault, onClosed }: ConnectionOptions): void {
  noteFault('connection', error)
  state.socket?.destroy()
  state.socket = null
  state.current?.fail(new BrokenConnection())
  state.direct?.fail(new BrokenConnection())
  state.direct = null
  onClosed()
}
