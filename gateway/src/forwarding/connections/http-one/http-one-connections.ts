import type { ClientTls } from '@gatehouse/tls/client-tls'
import type { Dispatcher } from 'undici'
import type { Connections, ConnectionsOptions } from '../connections.ts'
import { endpointKey, type NamedEndpoints } from '../endpoint.ts'
import { isIdempotent } from '../idempotent.ts'
import { type Connection, connection } from './connection.ts'
import type { Connect } from './connection-options.ts'
import { connectors } from './connectors.ts'
import { SentAgain } from './sent-again.ts'
import { TICK_MS } from './tick.ts'

/**
 * Keeps connections over HTTP/1.1 to services, and reuses them. A service may close an idle
 * connection while a request is sent on it, and then the gateway cannot know whether the service
 * has read the request. So a request that is safe to repeat uses any idle connection, and is sent
 * again on a new one if that connection was dead. Any other request uses a connection that its
 * service has promised to keep open (the `Keep-Alive` header, or the operator's setting), or a new
 * one.
 */
export function httpOneConnections(options: ConnectionsOptions): Connections {
  const connectorFor = connectors(options.connectMs)
  const pool: Pool = { ...options, connectorFor, open: new Set(), idle: new Map(), named: null }
  const ticking = setInterval(() => {
    for (const one of pool.open) one.tick()
  }, TICK_MS).unref()
  return {
    dispatch(request, handler, { keepAliveSeconds, tls }) {
      const target = targetOf(String(request.origin), tls)
      const isRepeatable = isSafeToSendTwice(request)
      const first = take(pool, target, isRepeatable, keepAliveSeconds)
      let current = first
      const sendAgain = (again: Dispatcher.DispatchHandler) => {
        const fresh = make(pool, target)
        current = fresh
        fresh.dispatch(request, new SentAgain(again, fresh, isRepeatable, null))
      }
      first.dispatch(request, new SentAgain(handler, first, isRepeatable, sendAgain))
      return (error) => current.giveUp(error)
    },
    keepOnly(named) {
      pool.named = named
      for (const [key, idle] of pool.idle) {
        if (named.has(key)) continue
        pool.idle.delete(key)
        for (const one of idle) end(pool, one)
      }
    },
    async close() {
      clearInterval(ticking)
      const all = [...pool.open]
      pool.open.clear()
      pool.idle.clear()
      await Promise.all(all.map((one) => one.close()))
    }
  }
}

/** The connections that are open, and how to make others. */
type Pool = Omit<ConnectionsOptions, 'connectMs'> & {
  readonly connectorFor: (tls: ClientTls | null) => Connect
  readonly open: Set<Connection>
  /** by target; the most recently used one is last */
  readonly idle: Map<string, Connection[]>
  /** the endpoints that the route table names; null: all */
  named: NamedEndpoints | null
}

/** An idle connection for a request, or a new one. */
function take(pool: Pool, target: Target, isRepeatable: boolean, keptSeconds: number): Connection {
  const others = pool.idle.get(target.key) ?? []
  const newest = others.at(-1)
  if (newest === undefined) return make(pool, target)
  if (isRepeatable || newest.isPromised(keptSeconds)) return others.pop() ?? newest
  // Closes an idle connection in exchange, so that such requests do not increase the number.
  const oldest = others.shift()
  if (oldest !== undefined) {
    forget(pool, target, oldest)
    oldest.reset()
  }
  return make(pool, target)
}

function make(pool: Pool, target: Target): Connection {
  const { monotonicClock, noteFault, open, idle } = pool
  const made: Connection = connection({
    origin: target.origin,
    connect: pool.connectorFor(target.tls),
    monotonicClock,
    noteFault,
    onIdle() {
      if (pool.named?.has(target.key) === false) {
        end(pool, made)
        return
      }
      const others = idle.get(target.key)
      if (others === undefined) idle.set(target.key, [made])
      else others.push(made)
    },
    onClosed() {
      if (!open.has(made)) return
      forget(pool, target, made)
      void made.close()
    }
  })
  open.add(made)
  return made
}

function end({ open }: Pool, idle: Connection): void {
  open.delete(idle)
  void idle.close()
}

function forget({ open, idle }: Pool, { key }: Target, gone: Connection): void {
  open.delete(gone)
  const left = idle.get(key)?.filter((one) => one !== gone) ?? []
  if (left.length > 0) idle.set(key, left)
  else idle.delete(key)
}

/** Where a connection leads. Connections that verify certificates in another way are not shared. */
type Target = { readonly origin: string; readonly tls: ClientTls | null; readonly key: string }

const targetOf = (origin: string, tls: ClientTls | null): Target => ({
  origin,
  tls,
  key: endpointKey({ address: origin, tls })
})

/** A streamed body cannot be sent a second time. */
const isSafeToSendTwice = ({ method, body }: Dispatcher.DispatchOptions): boolean =>
  isIdempotent(method) &&
  (body === null || body === undefined || typeof body === 'string' || body instanceof Uint8Array)
