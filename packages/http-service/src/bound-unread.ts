import { constants, type Http2Stream, type ServerHttp2Session } from 'node:http2'
import type { FastifyInstance } from 'fastify'

/** How many complete responses of one connection may wait for their client without being counted. */
const FREE = 4

/**
 * How many others may wait, of all connections together. Each holds its request and its response in
 * memory: measured 24 KiB, and 40 KiB with large request headers.
 */
const MOST = 1024

/** The complete responses of one connection that are not written yet. */
type Waiting = { readonly session: ServerHttp2Session; count: number; isClosed: boolean }

/**
 * Bounds the memory for responses that are complete and that HTTP/2 clients do not let the service
 * write: a client may announce a window of 0 bytes (RFC 9113 §6.9.2), and such a request holds no
 * place at a service any longer. An honest client has room for small responses, so they leave at
 * once. If too many wait, the connection with the most of them is closed.
 */
export function boundUnread(service: FastifyInstance): void {
  const crowded = new Set<Waiting>()
  let excess = 0

  const closeFullest = (): void => {
    const [first, ...others] = crowded
    if (first === undefined) return
    const fullest = others.reduce((most, one) => (one.count > most.count ? one : most), first)
    fullest.isClosed = true
    crowded.delete(fullest)
    excess -= fullest.count - FREE
    fullest.session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }
  const add = (waiting: Waiting): void => {
    if (waiting.isClosed) return
    waiting.count += 1
    if (waiting.count <= FREE) return
    crowded.add(waiting)
    excess += 1
    if (excess > MOST) closeFullest()
  }
  const remove = (waiting: Waiting): void => {
    if (waiting.isClosed) return
    if (waiting.count > FREE) excess -= 1
    waiting.count -= 1
    if (waiting.count <= FREE) crowded.delete(waiting)
  }

  service.server.on('session', (session: ServerHttp2Session) => {
    const waiting: Waiting = { session, count: 0, isClosed: false }
    // Before the framework, which may end a response at once.
    session.prependListener('stream', (stream: Http2Stream) => {
      const { end } = stream
      let isComplete = false
      stream.end = ((...last: Parameters<typeof end>) => {
        if (!isComplete && !stream.destroyed) {
          isComplete = true
          stream.once('close', () => remove(waiting))
          add(waiting)
        }
        return end.apply(stream, last)
      }) as typeof end
    })
  })
}
