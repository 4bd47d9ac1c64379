import { END_HEADERS, END_STREAM, frame, kind } from '@gatehouse/fixtures/http-two-frames'
import t from 'tap'
import type { Dispatcher } from 'undici'
import { httpTwoConnections } from '../../../src/forwarding/connections/http-two/http-two-connections.ts'
import { STATUS_200, unreadingService } from '../fixtures/unreading-service.ts'

t.test(
  'frames of one byte arrive in several turns of the event loop, and as few chunks',
  async (t) => {
    const service = await unreadingService(t)
    const frames = 100_000
    const large = 2000
    service.answer = (stream) => {
      const one = frame(kind.data, 0, stream, Buffer.from('a'))
      return Buffer.concat([
        frame(kind.headers, END_HEADERS, stream, STATUS_200),
        frame(kind.data, 0, stream, Buffer.alloc(large)),
        ...Array.from({ length: frames }, () => one),
        frame(kind.data, END_STREAM, stream)
      ])
    }
    const monotonicClock = () => performance.now()
    const lines = httpTwoConnections({ connectMs: 5000, monotonicClock, noteFault() {} })
    t.teardown(() => lines.close())
    const got = { turns: 0, chunks: 0, bytes: 0 }
    const error = await new Promise<Error | null>((resolve) => {
      let isOver = false
      const turn = (): void => {
        got.turns += 1
        if (!isOver) setImmediate(turn)
      }
      const end = (error: Error | null): void => {
        isOver = true
        resolve(error)
      }
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart() {},
        onResponseStart: turn,
        onResponseData(_controller, chunk) {
          if (got.turns === 0) end(new Error('content before the head'))
          got.chunks += 1
          got.bytes += chunk.length
        },
        onResponseEnd: () => end(null),
        onResponseError: (_controller, error) => end(error)
      }
      lines.dispatch(
        { origin: service.url, path: '/', method: 'GET', headers: {}, body: null },
        handler,
        { protocol: 'h2c', keepAliveSeconds: 0, tls: null }
      )
    })
    t.equal(error, null)
    t.equal(got.bytes, large + frames)
    // A turn handles at most 128 KiB of a connection, and these are 1 MB.
    t.ok(got.turns >= 7, `${got.turns} turns`)
    t.ok(got.chunks < 200, `${got.chunks} chunks`)
  }
)
