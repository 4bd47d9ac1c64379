import type { Server } from 'node:net'
import { promisify } from 'node:util'
import { Gauge, type Registry } from 'prom-client'

/** The gauges of each listener that has limits, and who connects to it. */
const listeners = {
  public: {
    open: 'gateway_connections',
    limit: 'gateway_connections_limit',
    peers: 'clients'
  },
  verify: {
    open: 'gateway_verify_connections',
    limit: 'gateway_verify_connections_limit',
    peers: 'proxies that ask about requests'
  }
} as const

/** Shows how many connections of a listener are open: 0 after the last one has gone. */
export function connectionGauges(
  metrics: Registry,
  listener: keyof typeof listeners,
  server: Server,
  { connections }: { readonly connections: number }
): void {
  const { open, limit, peers } = listeners[listener]
  const registers = [metrics]
  const countConnections = promisify(server.getConnections.bind(server))
  new Gauge({
    name: open,
    help: `Open connections of ${peers}`,
    registers,
    async collect() {
      this.set(await countConnections())
    }
  })
  new Gauge({
    name: limit,
    help: `Maximum number of open connections of ${peers}`,
    registers
  }).set(connections)
}
