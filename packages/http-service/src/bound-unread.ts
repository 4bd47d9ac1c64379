import { constants, type Http2Stream, type ServerHttp2Session } from 'node:http2'
import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import type { FastifyInstance } from 'fastify'

/**
 * How many complete responses may wait for clients, of all connections together and of those of one
 * address. Each holds its request and its response in memory: measured 24 KiB, and 40 KiB with large
 * request headers.
 */
const MOST = 4096
const MOST_OF_ADDRESS = 1024

/** The complete responses of one connection that are not written yet. */
type Connection = { readonly session: ServerHttp2Session; waiting: number }
/** The connections of one client address that have such responses. */
type Address = { readonly connections: Set<Connection>; waiting: number }

/**
 * Bounds the memory for responses that are complete and that HTTP/2 clients do not let the service
 * write: a client may announce a window of 0 bytes (RFC 9113 §6.9.2), and such a request holds no
 * place at a service any longer. An honest client has room for small responses, so they leave at
 * once. If too many wait, the address with the most of them loses its connection with the most.
 */
export function boundUnread(service: FastifyInstance): void {
  const addresses = new Map<string, Address>()
  let waiting = 0

  const addressOf = (name: string): Address => {
    const known = addresses.get(name) ?? { connections: new Set(), waiting: 0 }
    addresses.set(name, known)
    return known
  }
  const drop = (name: string, address: Address, connection: Connection): void => {
    address.connections.delete(connection)
    if (address.connections.size === 0) addresses.delete(name)
  }
  const change = (name: string, connection: Connection, by: number): void => {
    const address = addressOf(name)
    waiting += by
    address.waiting += by
    connection.waiting += by
    if (connection.waiting > 0) address.connections.add(connection)
    else drop(name, address, connection)
  }
  const closeFullest = (ofAddress: string | null): void => {
    const name = ofAddress ?? mostOf(addresses, ([, { waiting }]) => waiting)?.[0] ?? ''
    const fullest = mostOf(addressOf(name).connections, ({ waiting }) => waiting)
    if (fullest === undefined) return
    change(name, fullest, -fullest.waiting)
    fullest.session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }

  service.server.on('session', (session: ServerHttp2Session) => {
    const connection: Connection = { session, waiting: 0 }
    const name = clientNetwork(session.socket.remoteAddress ?? '')
    // Before the framework, which may end a response at once.
    session.prependListener('stream', (stream: Http2Stream) => {
      const { end } = stream
      let isComplete = false
      stream.end = ((...last: Parameters<typeof end>) => {
        if (!isComplete && !stream.destroyed && !session.destroyed) {
          isComplete = true
          stream.once('close', () => {
            // All responses of a connection that was closed for them are no longer counted.
            if (connection.waiting > 0) change(name, connection, -1)
          })
          change(name, connection, 1)
          if (addressOf(name).waiting > MOST_OF_ADDRESS) closeFullest(name)
          else if (waiting > MOST) closeFullest(null)
        }
        return end.apply(stream, last)
      }) as typeof end
    })
  })
}

function mostOf<One>(all: Iterable<One>, of: (one: One) => number): One | undefined {
  let most: One | undefined
  for (const one of all) if (most === undefined || of(one) > of(most)) most = one
  return most
}
