import type { OutgoingHttpHeaders } from 'node:http2'
import type { Dispatcher } from 'undici'

/** Headers of an HTTP/1 connection, which HTTP/2 does not have (RFC 9113 §8.2.2). */
const OF_HTTP_ONE = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade'
])

/**
 * The header section of a request over HTTP/2. `:authority` takes the place of `Host` (RFC 9113
 * §8.3.1). Pure.
 * @param origin of the address that gets it
 */
export function requestHead(
  origin: string,
  { method, path, headers }: Pick<Dispatcher.DispatchOptions, 'method' | 'path' | 'headers'>
): OutgoingHttpHeaders {
  const { host, protocol } = new URL(origin)
  const head: OutgoingHttpHeaders = {
    ':method': method,
    ':scheme': protocol.slice(0, -1),
    ':authority': host,
    ':path': path
  }
  for (const [name, value] of Object.entries((headers ?? {}) as Record<string, string>)) {
    if (!OF_HTTP_ONE.has(name)) head[name] = value
  }
  return head
}
