import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { clientNetwork } from '../proxies/client-network.ts'
import type { IsTrustedProxy } from '../proxies/trusted-proxies.ts'

export type ConnectionLimits = {
  /** how many connections may be open at all */
  readonly connections: number
  /** how many of them from one address, or one /64 of IPv6 */
  readonly connectionsPerAddress: number
  /** a proxy speaks for many, and is only held to the first */
  readonly isTrustedProxy: IsTrustedProxy
}

/**
 * Bounds what connections cost that ask nothing. One too many is closed at once, and said nothing to: whoever opens them by the
 * thousand must not be worth an answer. Those of one address run out before those of all do.
 */
export function limitConnections(app: FastifyInstance, limits: ConnectionLimits): void {
  const { connections, connectionsPerAddress, isTrustedProxy } = limits
  const open = new Map<string, number>()
  app.server.maxConnections = connections
  app.server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket
    // It has gone already.
    if (remoteAddress === undefined) return
    if (isTrustedProxy(remoteAddress)) return
    const network = clientNetwork(remoteAddress)
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
