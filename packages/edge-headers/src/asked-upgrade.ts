type Asking = {
  readonly httpVersion: string
  readonly headers: {
    readonly upgrade?: string | undefined
    readonly connection?: string | undefined
  }
}

/**
 * Whether a request asks for a WebSocket. Any other offer to change the protocol is a server's to ignore (RFC 9110 §7.8):
 * Java's HttpClient and curl offer h2c with ordinary requests. So is one that `Connection` does not name, or in HTTP/1.0.
 * Node.js drops what a client has pipelined in the same packet behind such an offer; a client that waits for its answer, as
 * these do, goes on with the connection.
 */
export function asksForWebSocket({ headers, httpVersion }: Asking): boolean {
  return (
    httpVersion === '1.1' &&
    lists(headers.upgrade, 'websocket') &&
    lists(headers.connection, 'upgrade')
  )
}

const lists = (value: string | undefined, member: string): boolean =>
  (value ?? '')
    .toLowerCase()
    .split(',')
    .some((one) => one.trim() === member)
