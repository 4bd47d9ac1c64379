import type { EventEmitter } from 'node:events'
import type { TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { type FairTurns, fairTurns, LONGEST_READS_MS } from './fair-turns.ts'
import { readAgain } from './paced-reads.ts'
import { HTTP_TWO_PIECES, PacedStream } from './paced-stream.ts'

/** Small reads are gathered up to this size while they wait for their turn. */
const MOST_HELD_BYTES = 16 * 1024
/** RFC 9113 §3.4 */
const PREFACE_BYTES = 24

/**
 * Lets the connections of HTTP/2 clients share the time of a turn of the event loop: the library
 * gets a paced stream instead of each. Call it before anything else listens for connections.
 * @param clientOf the client to which an address belongs
 */
export function paceConnections(
  { server }: FastifyInstance,
  clientOf: (address: string) => string
): void {
  const turns = fairTurns(LONGEST_READS_MS)
  const events: EventEmitter = server
  // Those of Node.js: they create the session, or a parser of HTTP/1.
  const listeners = events.listeners('secureConnection')
  events.removeAllListeners('secureConnection')
  events.on('secureConnection', (socket: TLSSocket) => {
    const client = clientOf(socket.remoteAddress ?? '')
    const connection = socket.alpnProtocol === 'h2' ? paced(socket, turns, client) : socket
    for (const listener of listeners) listener.call(server, connection)
  })
}

/**
 * What the socket reads goes to the paced stream, past the socket's own buffer: it would hold an
 * object for each TLS record, however small.
 */
function paced(socket: TLSSocket, turns: FairTurns, client: string): PacedStream {
  const pace = { turns, client, division: HTTP_TWO_PIECES, mostHeldBytes: MOST_HELD_BYTES }
  const stream = new PacedStream(pace, PREFACE_BYTES)
  // Node.js would do both for a socket.
  socket.setNoDelay()
  socket.disableRenegotiation()
  const { push } = socket
  stream.attach(socket, () => readAgain(socket, push))
  stream.open()
  const early: Buffer | null = socket.read()
  socket.push = (chunk) => {
    if (chunk !== null) return stream.receive(chunk)
    stream.finish()
    return push.call(socket, null)
  }
  if (early !== null) stream.receive(early)
  return stream
}
