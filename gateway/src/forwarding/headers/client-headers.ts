import type { Passage } from '../../request/passage.ts'
import type { RouteTable } from '../../routes/table/route-table.ts'
import { NotAResponse } from '../faults/upstream-faults.ts'
import { clientPaths } from './client-paths.ts'
import { MOST_LINES, passedHeaders, type ResponseHeaders } from './passed-headers.ts'

/**
 * The headers of a service's response as the client gets them.
 * @param address the process that has responded, as an origin
 * @throws NotAResponse over the limit of the route, with too many lines, or with too many names in
 * `Connection`
 */
export function clientHeaders(
  received: ResponseHeaders,
  passage: Pick<Passage, 'route' | 'access' | 'target' | 'headers'>,
  address: string,
  table: RouteTable
): ResponseHeaders {
  const { route, access } = passage
  const { lines, bytes } = sizeOf(received)
  if (lines > MOST_LINES) throw new NotAResponse(`too many header lines: ${lines}`)
  if (namesIn(received.connection) > MOST_NAMED)
    throw new NotAResponse('too many names in Connection')
  if (bytes > route.answerHeaderBytes) throw new NotAResponse(`headers too large: ${bytes} bytes`)
  const headers = passedHeaders(received, route)
  if (route.answerPaths === 'rewrite') clientPaths(headers, passage, { address, table })
  // A shared cache must not serve an anonymous client's response to a signed-in client (RFC 9111
  // §4.1).
  if (access === 'optional') headers.vary = [headers.vary ?? [], 'authorization'].flat().join(', ')
  return headers
}

/** Whether a final response is complete with its headers (RFC 9112 §6.3). */
export const hasNoContent = (status: number, method: string): boolean =>
  method === 'HEAD' || status === 204 || status === 304

/** No service names more in `Connection`. Reading the 30,000 names of 64 KiB takes 10 ms. */
const MOST_NAMED = 100

/** Counts the members of `Connection`, including empty ones, and stops above the limit. */
function namesIn(connection: string | string[] | undefined): number {
  let names = 0
  if (connection === undefined) return names
  for (const value of typeof connection === 'string' ? [connection] : connection) {
    for (let comma = 0; comma >= 0 && names <= MOST_NAMED; names += 1) {
      comma = value.indexOf(',', comma) + 1 || -1
    }
  }
  return names
}

function sizeOf(received: ResponseHeaders): { lines: number; bytes: number } {
  let lines = 0
  let bytes = 0
  for (const name in received) {
    const value = received[name] ?? []
    const isOne = typeof value === 'string'
    lines += isOne ? 1 : value.length
    bytes += isOne ? name.length + value.length : bytesOf(name, value)
  }
  return { lines, bytes }
}

const bytesOf = (name: string, values: readonly string[]): number =>
  values.reduce((sum, value) => sum + name.length + value.length, 0)
