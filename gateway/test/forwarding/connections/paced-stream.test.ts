import { readFileSync } from 'node:fs'
import { authority } from '@gatehouse/fixtures/certificates'
import { END_HEADERS, END_STREAM, frame, kind } from '@gatehouse/fixtures/http-two-frames'
import { type ClientTls, readClientTls } from '@gatehouse/tls/client-tls'
import t, { type Test } from 'tap'
import type { Dispatcher } from 'undici'
import { httpTwoConnections } from '../../../src/forwarding/connections/http-two/http-two-connections.ts'
import { STATUS_200, unreadingService } from '../fixtures/unreading-service.ts'

/** A response in DATA frames of these sizes. */
const inFrames = (sizes: readonly number[]) => (stream: number) =>
  Buffer.concat([
    frame(kind.headers, END_HEADERS, stream, STATUS_200),
    ...sizes.map((size) => frame(kind.data, 0, stream, Buffer.alloc(size, 'a'))),
    frame(kind.data, END_STREAM, stream)
  ])

const monotonicClock = () => performance.now()

function connections(t: Test) {
  const lines = httpTwoConnections({ connectMs: 5000, monotonicClock, noteFault() {} })
  t.teardown(() => lines.close())
  return lines
}

/** What arrives of a response, and in how many turns of the event loop. */
async function responseOf(
  lines: ReturnType<typeof httpTwoConnections>,
  origin: string,
  tls: ClientTls | null = null
) {
  const got = { turns: 0, chunks: 0, bytes: 0, error: null as Error | null }
  await new Promise<void>((resolve) => {
    let isOver = false
    const turn = (): void => {
      got.turns += 1
      if (!isOver) setImmediate(turn)
    }
    const end = (error: Error | null): void => {
      isOver = true
      got.error = error
      resolve()
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
    lines.dispatch({ origin, path: '/', method: 'GET', headers: {}, body: null }, handler, {
      protocol: tls === null ? 'h2c' : 'h2',
      keepAliveSeconds: 0,
      tls
    })
  })
  return got
}

t.test(
  'frames of one byte arrive in several turns of the event loop, and as few chunks',
  async (t) => {
    const service = await unreadingService(t)
    const frames = 100_000
    const large = 2000
    service.answer = inFrames([large, ...Array.from({ length: frames }, () => 1)])
    const got = await responseOf(connections(t), service.url)
    t.equal(got.error, null)
    t.equal(got.bytes, large + frames)
    // A turn handles at most 128 KiB of a connection, and these are 1 MB.
    t.ok(got.turns >= 7, `${got.turns} turns`)
    t.ok(got.chunks < 200, `${got.chunks} chunks`)
  }
)

t.test(
  'a response in many records of TLS arrives whole, whatever waits for its turn',
  async (t) => {
    const { file, issue } = await authority(t)
    const files = await issue('localhost', ['127.0.0.1'])
    const tls = readClientTls({ caFile: file }, { ca: 'ca', cert: 'cert', key: 'key' })
    const https = { key: readFileSync(files.key), cert: readFileSync(files.cert) }
    const service = await unreadingService(t, https)
    service.answer = inFrames(Array.from({ length: 400 }, () => 150))
    const lines = connections(t)
    const all = await Promise.all(
      Array.from({ length: 10 }, () => responseOf(lines, service.url, tls))
    )
    for (const { bytes, error } of all) t.strictSame([bytes, error], [60_000, null])

    service.isLast = true
    const { bytes, error } = await responseOf(lines, service.url, tls)
    t.strictSame([bytes, error], [60_000, null], 'and if the connection ends after it')
  }
)
