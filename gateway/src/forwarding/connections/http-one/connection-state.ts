import type { Socket } from 'node:net'
import type { ConnectionOptions } from './connection-options.ts'
import type { DirectExchange } from './direct/direct-exchange.ts'
import type { ReadBuffer } from './direct/read-buffer.ts'
import type { IdleTime } from './idle-time.ts'
import type { Gated, ReadingGate } from './reading-gate.ts'

/** What is known of a connection. */
export type ConnectionState = {
  /** the attempt to connect; null: there is none */
  connecting: Socket | null
  /** null: it is not connected */
  socket: Socket | null
  /** where the socket reads */
  readonly reads: ReadBuffer
  gate: ReadingGate | null
  /** the request of undici that it carries; null: there is none */
  current: Gated | null
  /** the request that it carries without undici; null: there is none */
  direct: DirectExchange | null
  /** whether its bytes arrive at `onBytes`, so that it can carry requests without undici */
  passesBytes: boolean
  /** whether its last response had a `Content-Length` */
  isSimple: boolean
  /** of the socket */
  idle: IdleTime
}

/** undici has failed, so that nothing is known of the connection. */
class BrokenConnection extends Error {
  override readonly name = 'BrokenConnection'
  readonly code = 'UND_ERR_SOCKET'
}

/** The connection can carry another request, unless its service is about to close it. */
export function becomeIdle(state: ConnectionState, { onIdle }: ConnectionOptions): void {
  const { socket, idle, reads } = state
  // It would keep the last response in memory.
  state.current = null
  reads.endLong()
  if (idle.begin()) onIdle()
  else socket?.destroy()
}

/** An internal error ends the connection, and the request on it. */
export function failConnection(
  state: ConnectionState,
  error: Error,
  { noteFault, onClosed }: ConnectionOptions
): void {
  noteFault('connection', error)
  state.socket?.destroy()
  state.socket = null
  state.current?.fail(new BrokenConnection())
  state.direct?.fail(new BrokenConnection())
  state.direct = null
  onClosed()
}
