import type { Socket } from 'node:net'
import { type buildConnector, Client } from 'undici'
import { LARGEST_RESPONSE_HEADER_BYTES } from '../../../routes/entry/route.ts'
import { guardEvents } from '../../faults/guarded-events.ts'
import type { ConnectionOptions } from './connection-options.ts'
import { becomeIdle, type ConnectionState, failConnection } from './connection-state.ts'
import { idleTime, NEVER_IDLE } from './idle-time.ts'
import { keepReading } from './keep-reading.ts'
import { readingGate } from './reading-gate.ts'

/** undici's client, limited to one connection, whose state it writes. */
export function openClient(state: ConnectionState, options: ConnectionOptions): Client {
  const onBytes = (bytes: Buffer): boolean => {
    state.passesBytes = true
    if (state.direct !== null) return state.direct.take(bytes)
    pushForUndici(state, bytes)
    return true
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
        done(null, socket)
      }
      state.reads.endLong()
      state.connecting = options.connect(target, connected, onBytes, state.reads)
    }
  })
  // undici emits this one turn of the event loop after the end of the request, so a connection that
  // closes immediately is noticed.
  client.on('drain', () => {
    if (state.socket === null || state.socket.destroyed) options.onClosed()
    else becomeIdle(state, options)
  })
  client.on('disconnect', (_origin, _targets, error) => {
    state.socket = null
    state.passesBytes = false
    state.idle.end()
    state.direct?.fail(error)
    state.direct = null
    if (client.stats.pending === 0) options.onClosed()
  })
  return client
}

/** Takes a connection that has just been made, before undici does. */
function adopt(state: ConnectionState, socket: Socket, options: ConnectionOptions): void {
  state.socket = socket
  state.idle = idleTime(options.monotonicClock)
  keepReading(socket)
  state.gate = readingGate(socket)
  guardEvents(socket, {
    onError: (error) => state.current?.cut(error),
    onFault: (error) => failConnection(state, error, options)
  })
}

/** Gives undici bytes that have arrived. It reads them from the stream of the socket. */
function pushForUndici({ socket, reads }: ConnectionState, bytes: Buffer): void {
  if (socket === null) return
  reads.lend(bytes, (lent) => {
    if (!socket.push(lent)) socket.pause()
    return false
  })
  reads.noteRead(bytes.length)
}
