import { listMembers } from './optional-whitespace.ts'

type Asking = {
  readonly httpVersion: string
  readonly headers: {
    readonly upgrade?: string | undefined
    readonly connection?: string | undefined
  }
}

/**
 * Whether a request asks for a WebSocket. A server ignores any other offer to change the protocol
 * (RFC 9110 §7.8): Java's HttpClient and curl offer h2c with ordinary requests. It also ignores an
 * offer that `Connection` does not name, or in HTTP/1.0. Node.js drops data that a client has
 * pipelined in the same packet after such an offer. A client that waits for the response, as these
 * do, can continue to use the connection.
 */
export function asksForWebSocket({ headers, httpVersion }: Asking): boolean {
  return (
    httpVersion === '1.1' &&
    lists(headers.upgrade, 'websocket') &&
    lists(headers.connection, 'upgrade')
  )
}

const lists = (value: string | undefined, member: string): boolean =>
  listMembers((value ?? '').toLowerCase()).includes(member)
