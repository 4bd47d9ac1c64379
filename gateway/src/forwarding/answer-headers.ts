import type { Passage } from '../passage.ts'
import type { RouteTable } from '../routes/route-table.ts'
import { clientPaths } from './client-paths.ts'
import { MOST_LINES, type ResponseHeaders, responseHeaders } from './response-headers.ts'
import { NotAnAnswer } from './upstream-faults.ts'

/**
 * The headers of a service's response as the client gets them.
 * @param address the process that has responded, as an origin
 * @throws NotAnAnswer over the limit of the route, or with too many lines
 */
export function answerHeaders(
  received: ResponseHeaders,
  passage: Passage,
  address: string,
  table: RouteTable
): ResponseHeaders {
  const { route, access } = passage
  const { lines, bytes } = sizeOf(received)
  if (lines > MOST_LINES) throw new NotAnAnswer(`${lines} header lines`)
  if (bytes > route.answerHeaderBytes) throw new NotAnAnswer(`${bytes} bytes of headers`)
  const headers = responseHeaders(received, route)
  if (route.answerPaths === 'rewrite') clientPaths(headers, passage, { address, table })
  // A shared cache must not serve an anonymous client's response to a signed-in client (RFC 9111
  // §4.1).
  if (access === 'optional') headers.vary = [headers.vary ?? [], 'authorization'].flat().join(', ')
  return headers
}

function sizeOf(received: ResponseHeaders): { lines: number; bytes: number } {
  let [lines, bytes] = [0, 0]
  const count = (name: string, value: string): void => {
    lines += 1
    bytes += name.length + value.length
  }
  for (const name in received) {
    const value = received[name]
    if (typeof value === 'string') count(name, value)
    else for (const one of value ?? []) count(name, one)
  }
  return { lines, bytes }
}
