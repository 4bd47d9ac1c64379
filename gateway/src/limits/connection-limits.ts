import type { Socket } from 'node:net'
import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import type { FastifyInstance } from 'fastify'
import type { ProxiedConnectionOf } from '../proxies/proxy-protocol.ts'
import type { IsTrustedProxy } from '../proxies/trusted-proxies.ts'

export type ConnectionLimits = {
  /** the maximum number of open connections */
  readonly connections: number
  /** the maximum from one address, or one /64 of IPv6 */
  readonly connectionsPerAddress: number
  /** a proxy has connections of many clients, so only the first limit applies to it */
  readonly isTrustedProxy: IsTrustedProxy
  /** a connection whose proxy names its client counts for that client */
  readonly proxiedOf: ProxiedConnectionOf
}

/**
 * Limits the cost of connections without requests. A connection over a limit is closed at once
 * without a response, because an attacker who opens thousands must not cause work. The limit per
 * address is lower, so one address cannot use up the total.
 */
export function limitConnections(app: FastifyInstance, limits: ConnectionLimits): void {
  const { connections, connectionsPerAddress, isTrustedProxy, proxiedOf } = limits
  const open = new Map<string, number>()
  app.server.maxConnections = connections
  // Without this, the primary process of several workers would offer the connection to one after
  // the other, without end if all are full. The types do not have it yet.
  Object.assign(app.server, { dropMaxConnection: true })
  app.server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket
    // The client has already disconnected.
    if (remoteAddress === undefined) return
    const address = proxiedOf(socket)?.client?.address ?? remoteAddress
    if (isTrustedProxy(address)) return
    const network = clientNetwork(address)
    const count = open.get(network) ?? 0
    if (count >= connectionsPerAddress) {
      socket.destroy()
      return
    }
    open.set(network, count + 1)
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1
      if (left === 0) open.delete(network)
      else open.set(network, left)
    })
  })
}
