import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '@gatehouse/fixtures/client'
import { closed } from '@gatehouse/fixtures/closed'
import {
  END_HEADERS,
  END_STREAM,
  type Field,
  fields,
  frame,
  kind
} from '@gatehouse/fixtures/http-two-frames'
import { buildService } from '@gatehouse/http-service/build-service'
import { serviceLog } from '@gatehouse/http-service/service-log'
import { listen } from '@gatehouse/process/listen'
import t, { type Test } from 'tap'
import type { Edge } from '../../fixtures/edge.ts'
import { selfSigned } from '../../fixtures/self-signed.ts'
import { headers, plain, post } from '../fixtures/http-two-requests.ts'
import { edgeOverTls, outcomeOf, rawConnection } from '../fixtures/raw-http-two.ts'

/** Thousands of frames, each of which costs a server more than its client. */
const floods: Record<string, (turn: number) => Buffer> = {
  'streams that are reset at once (CVE-2023-44487)': (turn) =>
    Buffer.concat([
      headers(plain, END_HEADERS | END_STREAM, 2 * turn + 1),
      frame(kind.reset, 0, 2 * turn + 1, Buffer.of(0, 0, 0, 8))
    ]),
  'uploads that are reset at once': (turn) =>
    Buffer.concat([
      headers(post(), END_HEADERS, 2 * turn + 1),
      frame(kind.reset, 0, 2 * turn + 1, Buffer.of(0, 0, 0, 8))
    ]),
  'headers that never end (CVE-2024-27983)': (turn) =>
    turn === 0
      ? headers(plain, END_STREAM)
      : frame(kind.continuation, 0, 1, fields([[`x-${turn}`, 'y'.repeat(1000)]])),
  'pings (CVE-2019-9512)': () => frame(kind.ping, 0, 0, Buffer.alloc(8)),
  'settings (CVE-2019-9515)': () => frame(kind.settings, 0, 0),
  'empty data (CVE-2019-9518)': (turn) =>
    turn === 0 ? headers(post(), END_HEADERS) : frame(kind.data, 0, 1),
  'empty headers (CVE-2019-9516)': (turn) =>
    headers([...plain, ...Array.from({ length: 100 }, (): Field => ['x', ''])], 5, 2 * turn + 1),
  'window updates of zero bytes': () => frame(kind.windowUpdate, 0, 0, Buffer.alloc(4))
}

const TIMES = 20_000

/** Sends 20,000 pieces, or until the gateway closes the connection. */
async function flood(t: Test, gateway: Edge, piece: (turn: number) => Buffer): Promise<void> {
  const socket = await rawConnection(t, gateway)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.resume()
  for (let turn = 0; turn < TIMES && !socket.destroyed; turn += 1) {
    if (socket.write(piece(turn))) continue
    await Promise.race([once(socket, 'drain').catch(() => {}), closed])
  }
  socket.destroy()
}

t.test('floods of frames do not affect other clients', async (t) => {
  const gateway = await edgeOverTls(t, { upstreamConnections: 256 })
  for (const [title, piece] of Object.entries(floods)) {
    const under = flood(t, gateway, piece)
    t.equal(await outcomeOf(t, gateway, headers(plain)), 200, `${title}: others meanwhile`)
    await under
    await sleep(50)
    t.equal(await outcomeOf(t, gateway, headers(plain)), 200, `${title}: and afterwards`)
  }
})

t.test('few of the streams that are reset in one write reach the journey', async (t) => {
  const gateway = await edgeOverTls(t)
  let taken = 0
  gateway.server.on('stream' as 'data', () => {
    taken += 1
  })
  const times = 3000
  const pieces = Array.from({ length: times }, (_, turn) =>
    floods['streams that are reset at once (CVE-2023-44487)']?.(turn)
  )
  const socket = await rawConnection(t, gateway)
  socket.resume().write(Buffer.concat(pieces.filter((piece) => piece !== undefined)))
  await closed(socket)
  // Node.js counts the resets, and there are at most this many in a turn of the event loop.
  t.ok(taken > 0 && taken <= 512 + 161, `${taken} of ${times}`)
})

t.test(
  'the gateway handles only a few requests of one write per turn of the event loop',
  async (t) => {
    const https = await selfSigned()
    const log = serviceLog('gateway', 'silent')
    // The framework makes one child log for each request that it prepares.
    const logs = t.capture(log, 'child', log.child)
    const service = buildService({ log, https, http2: true })
    let [taken, inThisTurn, mostInATurn] = [0, 0, 0]
    service.addHook('onRequest', (_request, _reply, next) => {
      taken += 1
      inThisTurn += 1
      mostInATurn = Math.max(mostInATurn, inThisTurn)
      setImmediate(() => {
        inThisTurn = 0
      })
      next()
    })
    service.get('/open/x', async () => 'well')
    const url = await listen(service, { host: '127.0.0.1', port: 0 })
    t.teardown(() => service.close())
    const port = Number(new URL(url).port)
    const writeAll = async (pieceOf: (turn: number) => Buffer) => {
      const socket = await rawConnection(t, { port })
      socket.resume().write(Buffer.concat(Array.from({ length: 100 }, (_, turn) => pieceOf(turn))))
      return socket
    }
    await writeAll((turn) => headers(plain, END_HEADERS | END_STREAM, 2 * turn + 1))
    await eventually(
      async () => taken,
      (count) => count === 100,
      30_000
    )
    t.equal(taken, 100, 'each of them in its turn')
    t.ok(mostInATurn > 1 && mostInATurn <= 16, `${mostInATurn} in one turn`)

    taken = 0
    logs()
    const reset = floods['streams that are reset at once (CVE-2023-44487)']
    const socket = await writeAll((turn) => reset?.(turn) ?? Buffer.alloc(0))
    // Its response comes after all requests that are handled.
    socket.write(headers(plain, END_HEADERS | END_STREAM, 301))
    await eventually(
      async () => taken,
      (count) => count > 0,
      30_000
    )
    await sleep(50)
    t.ok(taken <= 40, `${taken} of 100 that were reset`)
    const prepared = logs().length
    t.ok(prepared > 0 && prepared <= 40, `${prepared} reached the framework`)
  }
)

t.test('frames of one byte are divided among the turns of the event loop', async (t) => {
  const https = await selfSigned()
  const service = buildService({
    log: serviceLog('gateway', 'silent'),
    https,
    http2: true,
    bodies: 'streamed',
    bodyLimitBytes: 1_000_000
  })
  let [frames, inThisTurn, mostInATurn] = [0, 0, 0]
  service.server.on('stream' as 'data', (stream: Duplex) => {
    const push = stream.push.bind(stream)
    stream.push = (chunk) => {
      if (inThisTurn === 0) {
        setImmediate(() => {
          inThisTurn = 0
        })
      }
      frames += 1
      inThisTurn += 1
      mostInATurn = Math.max(mostInATurn, inThisTurn)
      return push(chunk)
    }
  })
  service.addContentTypeParser('*', (_request, body, done) => done(null, body.resume()))
  service.post('/open/x', async () => 'well')
  const url = await listen(service, { host: '127.0.0.1', port: 0 })
  t.teardown(() => service.close())
  const socket = await rawConnection(t, { port: Number(new URL(url).port) })
  socket.resume()
  const sent = 60_000
  const one = frame(kind.data, 0, 1, Buffer.from('a'))
  socket.write(
    Buffer.concat([headers(post(), END_HEADERS), ...Array.from({ length: sent }, () => one)])
  )
  await eventually(
    async () => frames,
    (count) => count === sent,
    30_000
  )
  t.equal(frames, sent, 'all of them arrive')
  // A turn reads at most eight pieces of 1,640 frames, and these are no more than two turns.
  t.ok(mostInATurn <= 27_000, `${mostInATurn} in one turn`)
})
