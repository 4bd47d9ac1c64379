import type { Passage } from '../passage.ts'
import type { RouteTable } from '../routes/route-table.ts'
import { clientPaths } from './client-paths.ts'
import { type ResponseHeaders, responseHeaders } from './response-headers.ts'
import { NotAnAnswer } from './upstream-faults.ts'

/**
 * The headers of a service's response as the client gets them.
 * @param address the process that has responded, as an origin
 * @throws NotAnAnswer over the limit of the route
 */
export function answerHeaders(
  received: ResponseHeaders,
  passage: Passage,
  address: string,
  table: RouteTable
): ResponseHeaders {
  const { route, access } = passage
  const bytes = bytesOf(received)
  if (bytes > route.answerHeaderBytes) throw new NotAnAnswer(`${bytes} bytes of headers`)
  const headers = responseHeaders(received, route)
  if (route.answerPaths === 'rewrite') clientPaths(headers, passage, { address, table })
  // A shared cache must not serve an anonymous client's response to a signed-in client (RFC 9111
  // §4.1).
  if (access === 'optional') headers.vary = [headers.vary ?? [], 'authorization'].flat().join(', ')
  return headers
}

function bytesOf(received: ResponseHeaders): number {
  let bytes = 0
  for (const name in received) {
    const value = received[name]
    if (typeof value === 'string') bytes += name.length + value.length
    else for (const one of value ?? []) bytes += name.length + one.length
  }
  return bytes
}
