import { buildConnector, type Dispatcher } from 'undici'
import { type Connect, type Connection, connection } from './connection.ts'
import { sentAgain } from './sent-again.ts'

export type ConnectionsOptions = {
  /** how long a connection may take to be made */
  readonly connectMs: number
  /** milliseconds that only grow */
  readonly monotonicClock: () => number
}

/** Ends the attempt to connect for a request, which then fails with this error; once it is sent, does nothing. */
export type GiveUp = (error: Error) => void

/** The connections to all services. */
export type Connections = {
  /**
   * Sends a request. The caller bounds how many are under way.
   * @param keptSeconds how long the service keeps an idle connection open by the operator's word; 0: not known
   * @returns for a client that leaves before the request is sent
   */
  dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    keptSeconds: number
  ): GiveUp
  close(): Promise<void>
}

/** RFC 9110 §9.2.2, of those that are taken */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/**
 * Keeps connections to services and uses them again. A service may close an idle connection at the very moment in which a
 * request is sent on it, and then it is unknown whether the service has read that request. So a request that can be sent twice takes any
 * idle connection, and goes out again on a new one if that was dead. Any other takes one that its service has promised to keep
 * (the `Keep-Alive` header, or the operator's word), or a new one.
 */
export function connections({ connectMs, monotonicClock }: ConnectionsOptions): Connections {
  const connect = buildConnector({ timeout: connectMs }) as Connect
  const open = new Set<Connection>()
  /** by origin, the one that was used last at the end */
  const idle = new Map<string, Connection[]>()

  const forget = (origin: string, gone: Connection): void => {
    open.delete(gone)
    const left = idle.get(origin)?.filter((one) => one !== gone) ?? []
    if (left.length > 0) idle.set(origin, left)
    else idle.delete(origin)
  }
  const make = (origin: string): Connection => {
    const made: Connection = connection({
      origin,
      connect,
      monotonicClock,
      onIdle() {
        const others = idle.get(origin)
        if (others === undefined) idle.set(origin, [made])
        else others.push(made)
      },
      onClosed() {
        if (!open.has(made)) return
        forget(origin, made)
        void made.close()
      }
    })
    open.add(made)
    return made
  }
  const take = (origin: string, isRepeatable: boolean, keptSeconds: number): Connection => {
    const others = idle.get(origin) ?? []
    const newest = others.at(-1)
    if (newest === undefined) return make(origin)
    if (isRepeatable || newest.isPromised(keptSeconds)) return others.pop() ?? newest
    // In its place, so that they do not become more with each such request.
    const oldest = others.shift()
    if (oldest !== undefined) {
      forget(origin, oldest)
      void oldest.close()
    }
    return make(origin)
  }

  return {
    dispatch(options, handler, keptSeconds) {
      const origin = String(options.origin)
      const isRepeatable = isSafeToSendTwice(options)
      const first = take(origin, isRepeatable, keptSeconds)
      let current = first
      const sendAgain = (again: Dispatcher.DispatchHandler) => {
        const fresh = make(origin)
        current = fresh
        fresh.dispatch(options, sentAgain(again, fresh, isRepeatable, null))
      }
      first.dispatch(options, sentAgain(handler, first, isRepeatable, sendAgain))
      return (error) => current.giveUp(error)
    },
    async close() {
      const all = [...open]
      open.clear()
      idle.clear()
      await Promise.all(all.map((one) => one.close()))
    }
  }
}

/** A body that streams is gone once it was sent. */
const isSafeToSendTwice = ({ method, body }: Dispatcher.DispatchOptions): boolean =>
  IDEMPOTENT.has(method) &&
  (body === null || body === undefined || typeof body === 'string' || body instanceof Uint8Array)
