import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { ServiceLog } from '@gatehouse/http-service/service-log'
import type { FastifyInstance } from 'fastify'
import { clientGone } from '../refusals.ts'
import {
  LONGEST_PROXY_HEADER,
  type ProxiedClient,
  type ProxyHeader,
  readProxyHeader
} from './proxy-header.ts'
import type { IsTrustedProxy } from './trusted-proxies.ts'

/** Whether trusted proxies begin their connections with a header of the PROXY protocol. */
export const proxyProtocols = ['off', 'optional', 'required'] as const
export type ProxyProtocol = (typeof proxyProtocols)[number]

/** What identifies a connection, also from within TLS. */
type Connection = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>

/** The header of a connection's proxy. */
export type ProxiedConnection = {
  /** null if the header names no client: then the proxy counts as the client */
  readonly client: ProxiedClient | null
}

/**
 * The PROXY header with which a connection began; null if it had none.
 * @throws Refusal INVALID_REQUEST if the connection has closed, so that its header is not known
 */
export type ProxiedConnectionOf = (connection: Connection) => ProxiedConnection | null

type ProxyProtocolOptions = {
  readonly proxyProtocol: ProxyProtocol
  readonly isTrustedProxy: IsTrustedProxy
  readonly log: Pick<ServiceLog, 'warn'>
  readonly clock: () => number
  /** how long a proxy may be silent before the header */
  readonly idleMs: number
  /** the maximum number of open connections, half of which may wait for a header */
  readonly connections: number
  /** how long a proxy may take to send the header, from its first byte */
  readonly headerMs?: number
}

const HEADER_MS = 5000
/** One line per minute is enough to find the proxy. */
const QUIET_MS = 60_000

/**
 * Reads the header before anything else sees a connection of a trusted proxy, so it can come before
 * TLS. A connection with a malformed header, or without a required one, is closed. On connections
 * of other peers, nothing is read here: a header is then neither HTTP nor TLS, and is refused.
 *
 * Some load balancers send the header only with the first bytes of their client, which may have
 * opened its connection ahead of time. So a silent connection may wait as long as an idle one.
 * Until the header has come, its client is unknown and no limit by address applies, so the
 * connection that has waited longest is closed if too many wait.
 */
export function acceptProxyProtocol(
  app: FastifyInstance,
  options: ProxyProtocolOptions
): ProxiedConnectionOf {
  const { proxyProtocol, isTrustedProxy, log, clock, idleMs, headerMs = HEADER_MS } = options
  if (proxyProtocol === 'off') return () => null
  /** of every open connection of a trusted proxy */
  const headers = new Map<string, ProxiedConnection | null>()
  /** the connections without a whole header, in the order in which they came */
  const waiting = new Set<Socket>()
  const mostWaiting = Math.ceil(options.connections / 2)
  const passed = new WeakSet<Socket>()
  const server: EventEmitter = app.server
  const { emit } = server

  const pass = (socket: Socket, header: ProxyHeader | null): void => {
    const proxied = header === null ? null : { client: header.client }
    const key = keyOf(socket)
    headers.set(key, proxied)
    // The proxy may use the port again before this event comes.
    socket.once('close', () => headers.get(key) === proxied && headers.delete(key))
    passed.add(socket)
    server.emit('connection', socket)
  }
  let quietUntil = Number.NEGATIVE_INFINITY
  const warn = (socket: Socket, reason: string): void => {
    if (clock() < quietUntil) return
    quietUntil = clock() + QUIET_MS
    log.warn({ address: socket.remoteAddress }, `GATEWAY_PROXY_PROTOCOL: ${reason}`)
  }
  const hold = (socket: Socket): void => {
    waiting.add(socket)
    socket.once('close', () => waiting.delete(socket))
    const [longest] = waiting
    if (waiting.size > mostWaiting && longest !== undefined) {
      waiting.delete(longest)
      longest.destroy()
    }
    receiveHeader(socket, { idleMs, headerMs }, (received) => {
      waiting.delete(socket)
      if (typeof received === 'object') return pass(socket, received)
      if (received === 'none' && proxyProtocol === 'optional') return pass(socket, null)
      if (received !== 'nothing') warn(socket, faults[received])
      socket.destroy()
    })
  }

  // Node.js hands each new connection to its server by this event.
  server.emit = (event: string, ...args: unknown[]): boolean => {
    const [socket] = args as [Socket?]
    if (event !== 'connection' || socket === undefined || passed.has(socket)) {
      return emit.call(server, event, ...args)
    }
    const { remoteAddress } = socket
    if (remoteAddress === undefined || !isTrustedProxy(remoteAddress)) {
      return emit.call(server, event, ...args)
    }
    hold(socket)
    return true
  }
  // Nothing is in flight on them.
  app.addHook('preClose', async () => {
    for (const socket of waiting) socket.destroy()
  })
  return (connection) => {
    const { remoteAddress } = connection
    if (remoteAddress === undefined) throw clientGone()
    const proxied = headers.get(keyOf(connection))
    // Its requests must not be taken for those of a proxy that sent no header.
    if (proxied === undefined && isTrustedProxy(remoteAddress)) throw clientGone()
    return proxied ?? null
  }
}

const faults = {
  none: 'a trusted proxy sent no PROXY protocol header',
  malformed: 'a trusted proxy sent a malformed PROXY protocol header',
  unfinished: 'a trusted proxy sent only a part of a PROXY protocol header'
} as const

/** A TLS connection has the same addresses and ports as the connection below it. */
const keyOf = (connection: Connection): string => {
  const { remoteAddress, remotePort, localAddress, localPort } = connection
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}

/** `nothing`: a health check of a load balancer that only connects */
type Received = ProxyHeader | keyof typeof faults | 'nothing'

/** Takes the header off a connection, and leaves all that follows unread. */
function receiveHeader(
  socket: Socket,
  { idleMs, headerMs }: { idleMs: number; headerMs: number },
  onReceived: (received: Received) => void
): void {
  const bytes = Buffer.alloc(LONGEST_PROXY_HEADER)
  let length = 0
  const giveUp = (): void => end(length === 0 ? 'nothing' : 'unfinished')
  let deadline = setTimeout(giveUp, idleMs).unref()
  const end = (received: Received): void => {
    clearTimeout(deadline)
    socket.off('readable', onReadable).off('end', giveUp).off('close', giveUp).off('error', ignore)
    onReceived(received)
  }
  const onReadable = (): void => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
      if (length === 0) {
        clearTimeout(deadline)
        deadline = setTimeout(giveUp, headerMs).unref()
      }
      const copied = chunk.copy(bytes, length)
      length += copied
      const read = readProxyHeader(bytes.subarray(0, length))
      if (read === 'more') continue
      const taken = typeof read === 'object' ? read.length : 0
      const following = Buffer.concat([bytes.subarray(taken, length), chunk.subarray(copied)])
      if (following.length > 0) socket.unshift(following)
      end(read)
      return
    }
  }
  // `close` follows.
  const ignore = (): void => {}
  socket.on('error', ignore).on('readable', onReadable).once('end', giveUp).once('close', giveUp)
  onReadable()
}
