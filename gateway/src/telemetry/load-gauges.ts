import type { Server } from 'node:net'
import { promisify } from 'node:util'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Figure, Upstreams } from '../forwarding/upstreams.ts'

export type Load = {
  /** the public listener */
  readonly server: Server
  /** the maximum number of connections */
  readonly mostConnections: number
  readonly requests: Places
  readonly webSockets: Places
}

type Places = Pick<Upstreams, 'figures' | 'refused'>

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
  placeGauges(metrics, 'request', 'Requests in flight to an address of a service', load.requests)
  placeGauges(metrics, 'websocket', 'WebSockets open to an address of a service', load.webSockets)
  new Counter({
    name: 'gateway_upstream_refusals_total',
    help: 'Requests that got no place at a service: all are taken (full), or the caller has its share',
    labelNames: ['upstream', 'kind', 'reason'],
    registers,
    collect() {
      this.reset()
      for (const [kind, places] of Object.entries({
        request: load.requests,
        websocket: load.webSockets
      })) {
        for (const { count, ...labels } of places.refused()) this.inc({ kind, ...labels }, count)
      }
    }
  })
}

function placeGauges(metrics: Registry, kind: string, help: string, places: Places): void {
  const perAddress = (name: string, help: string, numberOf: (figure: Figure) => number) =>
    new Gauge({
      name,
      help,
      registers: [metrics],
      labelNames: ['address'],
      collect() {
        for (const figure of places.figures()) {
          this.set({ address: figure.address }, numberOf(figure))
        }
      }
    })
  perAddress(`gateway_upstream_${kind}s`, help, ({ underWay }) => underWay)
  perAddress(
    `gateway_upstream_${kind}_callers`,
    `Callers that have a share of gateway_upstream_${kind}s`,
    ({ callers }) => callers
  )
}
