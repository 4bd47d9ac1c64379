import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { ServiceLog } from '@gatehouse/http-service/service-log'
import type { FastifyInstance } from 'fastify'
import { clientGone } from '../refusals.ts'
import type { ProxiedClient, ProxyHeader } from './proxy-header.ts'
import { type ReceivedFault, receiveProxyHeader } from './receive-proxy-header.ts'
import type { IsTrustedProxy } from './trusted-proxies.ts'

/** Whether trusted proxies begin their connections with a header of the PROXY protocol. */
export const proxyProtocols = ['off', 'optional', 'required'] as const
export type ProxyProtocol = (typeof proxyProtocols)[number]

/** What identifies a connection, even from within TLS. */
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
  readonly monotonicClock: () => number
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
  const { proxyProtocol, isTrustedProxy } = options
  if (proxyProtocol === 'off') return () => null
  const accepting: Accepting = {
    ...options,
    server: app.server,
    headers: new Map(),
    waiting: new Set(),
    passed: new WeakSet(),
    quietUntilMs: Number.NEGATIVE_INFINITY
  }
  takeConnections(accepting)
  // Nothing is in flight on them.
  app.addHook('preClose', async () => {
    for (const socket of accepting.waiting) socket.destroy()
  })
  return (connection) => {
    const { remoteAddress } = connection
    if (remoteAddress === undefined) throw clientGone()
    const proxied = accepting.headers.get(keyOf(connection))
    // Its requests must not be taken for those of a proxy that sent no header.
    if (proxied === undefined && isTrustedProxy(remoteAddress)) throw clientGone()
    return proxied ?? null
  }
}

/** A server that accepts connections of trusted proxies. */
type Accepting = ProxyProtocolOptions & {
  readonly server: EventEmitter
  /** of every open connection of a trusted proxy */
  readonly headers: Map<string, ProxiedConnection | null>
  /** the connections without a whole header, in the order in which they came */
  readonly waiting: Set<Socket>
  /** those that the server has seen */
  readonly passed: WeakSet<Socket>
  /** until when no further fault is logged */
  quietUntilMs: number
}

/** Holds each connection of a trusted proxy. Node.js hands them to the server by this event. */
function takeConnections(accepting: Accepting): void {
  const { server, passed, isTrustedProxy } = accepting
  const { emit } = server
  server.emit = (event: string, ...args: unknown[]): boolean => {
    const [socket] = args as [Socket?]
    if (event !== 'connection' || socket === undefined || passed.has(socket)) {
      return emit.call(server, event, ...args)
    }
    const { remoteAddress } = socket
    if (remoteAddress === undefined || !isTrustedProxy(remoteAddress)) {
      return emit.call(server, event, ...args)
    }
    hold(accepting, socket)
    return true
  }
}

/** Keeps a connection until its header has come. */
function hold(accepting: Accepting, socket: Socket): void {
  const { waiting, connections, proxyProtocol, idleMs, headerMs = HEADER_MS } = accepting
  waiting.add(socket)
  socket.once('close', () => waiting.delete(socket))
  const [longest] = waiting
  if (waiting.size > Math.ceil(connections / 2) && longest !== undefined) {
    waiting.delete(longest)
    longest.destroy()
  }
  receiveProxyHeader(socket, { idleMs, headerMs }, (received) => {
    waiting.delete(socket)
    if (typeof received === 'object') return pass(accepting, socket, received)
    if (received === 'none' && proxyProtocol === 'optional') return pass(accepting, socket, null)
    if (received !== 'nothing') warn(accepting, socket, faults[received])
    socket.destroy()
  })
}

/** Gives a connection to the server. */
function pass(
  { server, headers, passed }: Accepting,
  socket: Socket,
  header: ProxyHeader | null
): void {
  const proxied = header === null ? null : { client: header.client }
  const key = keyOf(socket)
  headers.set(key, proxied)
  // The proxy may use the port again before this event comes.
  socket.once('close', () => headers.get(key) === proxied && headers.delete(key))
  passed.add(socket)
  server.emit('connection', socket)
}

function warn(accepting: Accepting, socket: Socket, reason: string): void {
  const { monotonicClock, log } = accepting
  if (monotonicClock() < accepting.quietUntilMs) return
  accepting.quietUntilMs = monotonicClock() + QUIET_MS
  log.warn({ address: socket.remoteAddress }, `GATEWAY_PROXY_PROTOCOL: ${reason}`)
}

/** What is wrong with a connection that is closed. */
const faults = {
  none: 'a trusted proxy sent no PROXY protocol header',
  malformed: 'a trusted proxy sent a malformed PROXY protocol header',
  unfinished: 'a trusted proxy sent only a part of a PROXY protocol header'
} as const satisfies Record<ReceivedFault, string>

/** A TLS connection has the same addresses and ports as the connection below it. */
const keyOf = (connection: Connection): string => {
  const { remoteAddress, remotePort, localAddress, localPort } = connection
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}
