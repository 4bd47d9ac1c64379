import { Counter, Gauge, type Registry } from 'prom-client'
import type { OpenSessions } from '../connections/http-two/http-two-connections.ts'
import type { Figure, Upstreams } from './upstreams.ts'

type Places = Pick<Upstreams, 'figures' | 'refused'>

/** Where requests and WebSockets in flight are counted. */
type UpstreamLoad = { readonly requests: Places; readonly webSockets: Places }

/** Shows how much of the capacity of each address is in use: 0 after the last client has gone. */
export function upstreamGauges(metrics: Registry, load: UpstreamLoad): void {
  const registers = [metrics]
  for (const { places, numberOf, ...gauge } of addressGauges(load)) {
    new Gauge({
      ...gauge,
      registers,
      collect() {
        this.reset()
        for (const figure of places.figures()) {
          this.set({ address: figure.address }, numberOf(figure))
        }
      }
    })
  }
  new Counter({
    name: 'gateway_upstream_refusals_total',
    help: 'Requests that were refused for lack of capacity at a service: all of it is in use (full), or the caller uses its share',
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

/** Shows how many connections over HTTP/2 are open to each address. */
export function httpTwoGauge(metrics: Registry, { count }: OpenSessions): void {
  new Gauge({
    name: 'gateway_upstream_shared_connections',
    help: 'Connections over HTTP/2 that are open to an address of a service',
    labelNames: ['address'],
    registers: [metrics],
    collect() {
      this.reset()
      for (const [address, open] of count()) this.set({ address }, open)
    }
  })
}

type AddressGauge = {
  readonly name: string
  readonly help: string
  readonly labelNames: ['address']
  /** how workers merge it, if not as the sum */
  readonly aggregator?: 'min'
  readonly places: Places
  readonly numberOf: (figure: Figure) => number
}

const addressGauges = ({ requests, webSockets }: UpstreamLoad): AddressGauge[] => [
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
    aggregator: 'min',
    places: requests,
    numberOf: ({ available }) => (available ? 1 : 0)
  }
]
