import { connect, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { fairTurns } from '@gatehouse/http-service/fair-turns'
import { HTTP_TWO_PIECES, PacedStream } from '@gatehouse/http-service/paced-stream'
import type { ClientTls } from '@gatehouse/tls/client-tls'
import { NotHttpTwo } from '../../../faults/http-two-faults.ts'

/** How long a connection may be silent before the operating system checks that it is alive. */
const PROBE_AFTER_MS = 15_000

const PROTOCOL = 'h2'

/** How much is read from a connection at a time. */
const READ_BYTES = 64 * 1024

/** The connections to all services share the time of a turn of the event loop. */
const turns = fairTurns()

/** A connection to a service. */
export type OpenSocket = {
  readonly socket: Socket
  /** for HTTP/2; nothing is written before the socket is ready */
  readonly stream: PacedStream
}

/**
 * Connects to a service: with TLS, where the service must choose HTTP/2 (ALPN, RFC 7301), or
 * without (RFC 9113 §3.3).
 * @param origin as URL.origin
 * @param onReady called once: null, or why there is no connection
 * @returns the socket, and what it reads and writes
 */
export function openSocket(
  origin: string,
  tls: ClientTls | null,
  onReady: (error: Error | null) => void
): OpenSocket {
  const { protocol, hostname, port } = new URL(origin)
  const host = hostname.replace(/^\[|\]$/g, '')
  const isSecure = protocol === 'https:'
  // What waits refers to the buffer of `readInto`.
  const pace = { turns, client: origin, division: HTTP_TWO_PIECES, mostHeldBytes: 0 }
  const stream = new PacedStream(pace, 0)
  const address = { host, port: Number(port || (isSecure ? 443 : 80)), onread: readInto(stream) }
  const socket = isSecure
    ? connectTls({ ...address, ...serverNameOf(host), ...tls?.options, ALPNProtocols: [PROTOCOL] })
    : connect(address)
  socket.setNoDelay(true)
  socket.setKeepAlive(true, PROBE_AFTER_MS)
  stream.attach(socket, () => socket.resume())
  socket.once('end', () => stream.finish())
  let isDecided = false
  const decide = (error: Error | null): void => {
    if (isDecided) return
    isDecided = true
    if (error === null) stream.open()
    else socket.destroy()
    onReady(error)
  }
  socket.once(isSecure ? 'secureConnect' : 'connect', () => {
    const isAgreed = !('alpnProtocol' in socket) || socket.alpnProtocol === PROTOCOL
    decide(isAgreed ? null : new NotHttpTwo('the service did not choose h2'))
  })
  socket.once('error', (error) =>
    decide(isUnknownTo(error) ? new NotHttpTwo(error.message) : error)
  )
  socket.once('close', () => decide(new NotHttpTwo('the service has closed the connection')))
  return { socket, stream }
}

/** How a socket reads into a stream. */
function readInto(stream: PacedStream): OnReadOpts {
  let buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  return {
    buffer: () => buffer,
    callback(bytes) {
      const read = buffer.subarray(0, bytes)
      // A connection with TLS brings all records that were read, even after it was stopped.
      if (stream.isHolding) return stream.receive(Buffer.from(read))
      const goesOn = stream.receive(read)
      // What is held refers to it.
      if (stream.isHolding) buffer = Buffer.allocUnsafeSlow(READ_BYTES)
      return goesOn
    }
  }
}

/** RFC 7301 §3.2: the service knows none of the protocols that it was offered. */
const isUnknownTo = ({ code = '' }: NodeJS.ErrnoException): boolean =>
  code.includes('NO_APPLICATION_PROTOCOL')

/** RFC 6066 §3: the name of a server is never an address. */
const serverNameOf = (host: string): { servername?: string } =>
  /^[\d.]+$|:/.test(host) ? {} : { servername: host }
