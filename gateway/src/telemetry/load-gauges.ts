import type { Server } from 'node:net'
import { promisify } from 'node:util'
import { Gauge, type Registry } from 'prom-client'
import type { Figure } from '../forwarding/upstreams.ts'

export type Load = {
  /** the public listener */
  readonly server: Server
  /** the maximum number of connections */
  readonly mostConnections: number
  readonly requests: () => readonly Figure[]
  readonly webSockets: () => readonly Figure[]
}

/** Shows how much of each limit is in use: 0 after the last client has gone. */
export function loadGauges(metrics: Registry, load: Load): void {
  const registers = [metrics]
  const countConnections = promisify(load.server.getConnections.bind(load.server))
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
  }).set(load.mostConnections)
  const perAddress = (name: string, help: string, figures: Load['requests']) =>
    new Gauge({
      name,
      help,
      registers,
      labelNames: ['address'],
      collect() {
        for (const { address, underWay } of figures()) this.set({ address }, underWay)
      }
    })
  perAddress(
    'gateway_upstream_requests',
    'Requests in flight to an address of a service',
    load.requests
  )
  perAddress(
    'gateway_upstream_websockets',
    'WebSockets open to an address of a service',
    load.webSockets
  )
}
