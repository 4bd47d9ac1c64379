import type { Http2Stream, ServerHttp2Session } from 'node:http2'
import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import type { FastifyInstance } from 'fastify'
import { addressOf, calmDown } from '../http-two.ts'

/**
 * How many complete responses may wait for clients, of all connections together and of those of one
 * address. Each holds its request and its response in memory: measured 24 KiB, and 40 KiB with
 * large request headers.
 */
const MOST = 4096
const MOST_OF_ADDRESS = 1024

/** The complete responses of one connection that are not written yet. */
type Connection = { readonly session: ServerHttp2Session; waiting: number }
/** The open connections of one client address, and how many such responses they have together. */
type Address = { readonly connections: Set<Connection>; waiting: number }

/**
 * Bounds the memory for responses that are complete and that HTTP/2 clients do not let the service
 * write: a client may announce a window of 0 bytes (RFC 9113 §6.9.2), and such a request no longer
 * holds a place at a service. An honest client has room for small responses, so they leave at once.
 * If too many wait, the address with the most of them loses the connection that has the most.
 */
export function boundUnread(service: FastifyInstance): void {
  const unread: Unread = { addresses: new Map(), waiting: 0 }
  service.server.on('session', (session: ServerHttp2Session) => {
    const { address, connection } = noteConnection(unread, session)
    // Before the framework, which may end a response at once.
    session.prependListener('stream', (stream: Http2Stream) => {
      onceComplete(stream, () => {
        if (session.destroyed) return
        stream.once('close', () => {
          // All responses of a connection that was closed for them are no longer counted.
          if (connection.waiting > 0) change(unread, address, connection, -1)
        })
        change(unread, address, connection, 1)
        if (address.waiting > MOST_OF_ADDRESS) closeFullest(unread, address)
        else if (unread.waiting > MOST) {
          closeFullest(unread, mostWaiting(unread.addresses.values()) ?? address)
        }
      })
    })
  })
}

/** The complete responses of all connections that are not written yet. */
type Unread = { readonly addresses: Map<string, Address>; waiting: number }

function noteConnection({ addresses }: Unread, session: ServerHttp2Session) {
  const name = clientNetwork(addressOf(session))
  const address: Address = addresses.get(name) ?? { connections: new Set(), waiting: 0 }
  addresses.set(name, address)
  const connection: Connection = { session, waiting: 0 }
  address.connections.add(connection)
  session.once('close', () => {
    address.connections.delete(connection)
    if (address.connections.size === 0) addresses.delete(name)
  })
  return { address, connection }
}

/** Calls when the response is complete, and its stream still open. */
function onceComplete(stream: Http2Stream, onComplete: () => void): void {
  const { end } = stream
  let isComplete = false
  stream.end = ((...last: Parameters<typeof end>) => {
    if (!isComplete && !stream.destroyed) {
      isComplete = true
      onComplete()
    }
    return end.apply(stream, last)
  }) as typeof end
}

function change(unread: Unread, address: Address, connection: Connection, by: number): void {
  unread.waiting += by
  address.waiting += by
  connection.waiting += by
}

function closeFullest(unread: Unread, address: Address): void {
  const fullest = mostWaiting(address.connections)
  if (fullest === undefined) return
  change(unread, address, fullest, -fullest.waiting)
  // Node.js may be writing the headers of a response of this connection, and would fail.
  setImmediate(calmDown, fullest.session)
}

function mostWaiting<One extends { readonly waiting: number }>(
  all: Iterable<One>
): One | undefined {
  let most: One | undefined
  for (const one of all) if (most === undefined || one.waiting > most.waiting) most = one
  return most
}
