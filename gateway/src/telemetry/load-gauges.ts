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
  for (const gauge of addressGauges(load)) addressGauge(metrics, gauge)
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

type AddressGauge = {
  readonly name: string
  readonly help: string
  readonly labelNames: ['address']
  readonly places: Places
  readonly numberOf: (figure: Figure) => number
}

function addressGauge(metrics: Registry, { places, numberOf, ...gauge }: AddressGauge): void {
  new Gauge({
    ...gauge,
    registers: [metrics],
    collect() {
      for (const figure of places.figures()) {
        this.set({ address: figure.address }, numberOf(figure))
      }
    }
  })
}

const addressGauges = ({ requests, webSockets }: Load): AddressGauge[] => [
  {
    name: 'gateway_upstream_requests',
    help: 'Requests in flight to an address of a service',
    labelNames: ['address'],
    places: requests,
    numberOf: ({ underWay }) => underWay
  },
  {
    name: 'gateway_upstream_websockets',
    help: 'WebSockets open to an address of a service',
    labelNames: ['address'],
    places: webSockets,
    numberOf: ({ underWay }) => underWay
  },
  {
    name: 'gateway_upstream_request_callers',
    help: 'Callers that have a share of gateway_upstream_requests',
    labelNames: ['address'],
    places: requests,
    numberOf: ({ callers }) => callers
  },
  {
    name: 'gateway_upstream_websocket_callers',
    help: 'Callers that have a share of gateway_upstream_websockets',
    labelNames: ['address'],
    places: webSockets,
    numberOf: ({ callers }) => callers
  },
  {
    name: 'gateway_upstream_available',
    help: '1 while requests are sent to an address of a service, 0 while it is unhealthy or fails',
    labelNames: ['address'],
    places: requests,
    numberOf: ({ available }) => (available ? 1 : 0)
  }
]
