import type { Server } from 'node:net'
import { promisify } from 'node:util'
import { Gauge, type Registry } from 'prom-client'

/** Shows how many connections of clients are open: 0 after the last client has gone. */
export function connectionGauges(
  metrics: Registry,
  server: Server,
  { connections }: { readonly connections: number }
): void {
  const registers = [metrics]
  const countConnections = promisify(server.getConnections.bind(server))
  new Gauge({
    name: 'gateway_connections',
    help: 'Open connections of clients',
    registers,
    async collect() {
      this.set(await countConnections())
    }
  })
  new Gauge({
    name: 'gateway_connections_limit',
    help: 'Maximum number of open connections of clients',
    registers
  }).set(connections)
}
