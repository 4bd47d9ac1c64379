import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import type { ConnectionOptions } from './connection-options.ts'
import { becomeIdle, type ConnectionState, failConnection } from './connection-state.ts'
import { DirectExchange, type DirectRequest } from './direct/direct-exchange.ts'
import { ReadBuffer } from './direct/read-buffer.ts'
import { requestText } from './direct/request-text.ts'
import { takeOver } from './direct/take-over.ts'
import { idleTime } from './idle-time.ts'
import { openClient } from './open-client.ts'
import { Gated } from './reading-gate.ts'

/**
 * One connection to a service. It carries one request at a time. After it has closed, undici opens
 * another one for a request that was not sent yet; for no later one.
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
  /** Called every `TICK_MS`: ends what has lasted too long. */
  tick(): void
}

export function connection(options: ConnectionOptions): Connection {
  const state: ConnectionState = {
    connecting: null,
    socket: null,
    reads: new ReadBuffer(),
    gate: null,
    current: null,
    direct: null,
    passesBytes: false,
    isSimple: false,
    idle: idleTime(options.monotonicClock)
  }
  const client = openClient(state, options)
  const { host } = new URL(options.origin)
  const undici = (request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => {
    state.current = new Gated(handler, () => state.gate)
    client.dispatch(request, state.current)
  }
  return {
    get isReused() {
      return state.idle.responses > 0
    },
    isPromised: (keptSeconds) =>
      state.socket?.destroyed === false && state.idle.isPromised(keptSeconds),
    dispatch(request, handler) {
      state.idle.end()
      const { socket, passesBytes, isSimple } = state
      const mayBeDirect = passesBytes && isSimple && socket?.destroyed === false
      const text = mayBeDirect ? requestText(request, host) : null
      if (socket === null || text === null) undici(request, handler)
      else state.direct = direct({ request, handler, text }, socket, { state, undici, options })
    },
    note(headers) {
      state.isSimple = headers['content-length'] !== undefined
      state.idle.note(headers)
    },
    giveUp(error) {
      state.connecting?.destroy(error)
    },
    close: () => client.destroy(),
    reset() {
      if (state.socket !== null && !('encrypted' in state.socket)) state.socket.resetAndDestroy()
      void client.destroy()
    },
    tick() {
      state.direct?.tick()
      if (state.idle.tick()) state.socket?.destroy()
    }
  }
}

type Parts = {
  readonly state: ConnectionState
  readonly undici: Connection['dispatch']
  readonly options: ConnectionOptions
}

function direct(asked: DirectRequest, socket: Socket, parts: Parts): DirectExchange {
  const { state, undici, options } = parts
  return new DirectExchange(asked, {
    socket,
    reads: state.reads,
    handOver({ request, handler }, bytes) {
      state.direct = null
      takeOver(socket, bytes)
      undici(request, handler)
    },
    fault: (error) => failConnection(state, error, options),
    free() {
      state.direct = null
      if (socket.destroyed) return
      becomeIdle(state, options)
    }
  })
}
