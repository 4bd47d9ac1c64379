import type { ClientTls } from '@gatehouse/tls/client-tls'
import { buildConnector, type Dispatcher } from 'undici'
import type { Upstream } from '../routes/upstream.ts'
import { type Connect, type Connection, connection } from './connection.ts'
import { endpointKey } from './endpoint.ts'
import type { NoteFault } from './guard.ts'
import { SentAgain } from './sent-again.ts'

type ConnectionsOptions = {
  /** how long an attempt to connect may take */
  readonly connectMs: number
  /** in milliseconds, never set back */
  readonly monotonicClock: () => number
  readonly noteFault: NoteFault
}

/**
 * Ends the attempt to connect for a request, which then fails with this error. Does nothing once
 * the request was sent.
 */
export type GiveUp = (error: Error) => void

/** The connections to all services. */
export type Connections = {
  /**
   * Sends a request. The caller limits how many are in flight.
   * @param service how long the service keeps an idle connection open, as the operator says (0: not
   * known), and how its certificate is verified
   * @returns to be called if the client leaves before the request is sent
   */
  dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    service: Pick<Upstream, 'keepAliveSeconds' | 'tls'>
  ): GiveUp
  close(): Promise<void>
}

/** the accepted methods that are idempotent (RFC 9110 §9.2.2) */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/**
 * Keeps connections to services and reuses them. A service may close an idle connection at the
 * moment at which a request is sent on it, and then the gateway cannot know whether the service has
 * read the request. So a request that is safe to repeat uses any idle connection, and is sent again
 * on a new one if that connection was dead. Any other request uses a connection that its service
 * has promised to keep open (the `Keep-Alive` header, or the operator's setting), or a new one.
 */
export function connections(options: ConnectionsOptions): Connections {
  const connectorFor = connectors(options.connectMs)
  const pool: Pool = { ...options, connectorFor, open: new Set(), idle: new Map() }
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
    async close() {
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

/** One connector for each way to verify certificates: it keeps TLS sessions. */
function connectors(connectMs: number): (tls: ClientTls | null) => Connect {
  const plain = buildConnector({ timeout: connectMs, allowH2: false }) as Connect
  const secured = new WeakMap<ClientTls, Connect>()
  return (tls) => {
    if (tls === null) return plain
    const known = secured.get(tls)
    if (known !== undefined) return known
    const made = buildConnector({ timeout: connectMs, allowH2: false, ...tls.options }) as Connect
    secured.set(tls, made)
    return made
  }
}

/** A streamed body cannot be sent a second time. */
const isSafeToSendTwice = ({ method, body }: Dispatcher.DispatchOptions): boolean =>
  IDEMPOTENT.has(method) &&
  (body === null || body === undefined || typeof body === 'string' || body instanceof Uint8Array)
