import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { closed } from '@gatehouse/fixtures/closed'
import {
  END_HEADERS,
  END_STREAM,
  fields,
  frame,
  kind,
  PREFACE
} from '@gatehouse/fixtures/http-two-frames'
import { buildService } from '@gatehouse/http-service/build-service'
import { serviceLog } from '@gatehouse/http-service/service-log'
import { generate } from 'selfsigned'
import t, { type Test } from 'tap'

const pems = await generate([{ name: 'commonName', value: 'localhost' }])
const https = { cert: Buffer.from(pems.cert), key: Buffer.from(pems.private) }

type Bounds = {
  readonly requestMs: number
  readonly headersMs?: number
  readonly idleMs?: number
}

/**
 * Opens connections to a service with these time limits for a request and its header section.
 * @param protocol null: no handshake begins, even if the service has TLS
 */
async function connections(
  t: Test,
  secure: boolean,
  bounds: Bounds,
  protocol: string | null = 'http/1.1'
) {
  const log = serviceLog('slow', 'silent')
  const service = buildService({ log, https: secure ? https : null, http2: secure, ...bounds })
  service.post('/anything', async ({ body }) => ({ body: body ?? null }))
  const address = await service.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => service.close())
  const port = Number(new URL(address).port)
  return async (): Promise<Socket> => {
    const isTls = secure && protocol !== null
    const socket = isTls
      ? connectTls({
          port,
          host: '127.0.0.1',
          rejectUnauthorized: false,
          ALPNProtocols: [protocol]
        })
      : connectTcp({ port, host: '127.0.0.1' })
    t.teardown(() => socket.destroy())
    await once(socket, isTls ? 'secureConnect' : 'connect')
    return socket
  }
}

/**
 * Sends a beginning and then one line at a time, until the other side closes the connection.
 * Returns the response.
 */
async function drip(socket: Socket, beginning: string, line: string): Promise<string> {
  let answer = ''
  socket.setEncoding('latin1').on('data', (text) => {
    answer += text
  })
  socket.write(beginning)
  const timer = setInterval(() => {
    if (line !== '') socket.write(line)
  }, 50)
  await closed(socket)
  clearInterval(timer)
  return answer
}

const start = 'POST /anything HTTP/1.1\r\nHost: a\r\n'
const AN_HOUR_MS = 3_600_000

for (const secure of [false, true]) {
  const title = secure ? 'over TLS' : 'plain'
  t.test(`${title}: unfinished headers are given up`, async (t) => {
    const open = await connections(t, secure, { requestMs: AN_HOUR_MS, headersMs: 300 })
    const [headers, nothing] = await Promise.all([
      drip(await open(), start, 'X: y\r\n'),
      drip(await open(), '', '')
    ])
    t.match(headers, /^HTTP\/1\.1 400 .*the request did not arrive in time/s)
    t.equal(nothing, '', 'a response without a request could be taken for another one')
  })

  t.test(`${title}: an unfinished body is given up`, async (t) => {
    const open = await connections(t, secure, { requestMs: 300 })
    const length = 'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n'
    t.match(
      await drip(await open(), start + length, ' '),
      /^HTTP\/1\.1 400 .*did not arrive in time/s
    )
  })

  t.test(`${title}: an idle connection is kept for its time`, async (t) => {
    const open = await connections(t, secure, { requestMs: AN_HOUR_MS, idleMs: 50 })
    const asked = `${start}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`
    t.match(await drip(await open(), asked, ''), /^HTTP\/1\.1 200 .*\{"body":\{\}\}$/s)
  })
}

t.test('a header section of HTTP/2 that never ends has the time of one of HTTP/1', async (t) => {
  const bounds = { requestMs: AN_HOUR_MS, headersMs: 200, idleMs: AN_HOUR_MS }
  const open = await connections(t, true, bounds, 'h2')
  const preface = Buffer.concat([Buffer.from(PREFACE), frame(kind.settings, 0, 0)])
  // Each begins at once: a connection that says nothing has the same time.
  const quiet = await open()
  quiet.write(preface)
  await once(quiet, 'data')
  const endless = await open()
  endless.write(preface)
  endless.write(frame(kind.headers, 0, 1, fields([[':method', 'GET']])))
  endless.resume().write(frame(kind.continuation, 0, 1, fields([['x', 'y'.repeat(100)]])))
  for (let lines = 0; lines < 4; lines += 1) {
    endless.write(frame(kind.continuation, 0, 1, fields([['x', 'y'.repeat(2000)]])))
  }
  await closed(endless)
  const answered = once(quiet, 'data')
  quiet.write(frame(kind.ping, 0, 0, Buffer.alloc(8)))
  await answered
  t.notOk(quiet.closed, 'a connection that has nothing to say stays')
})

t.test('a TLS handshake that is not completed is given up, without an answer', async (t) => {
  const bounds = { requestMs: AN_HOUR_MS, headersMs: 300 }
  const open = await connections(t, true, bounds, null)
  const begun = Buffer.from('16030102000100', 'hex').toString('latin1')
  const given = ['', begun].map(async (bytes) => drip(await open(), bytes, ''))
  t.strictSame(await Promise.all(given), ['', ''])
})

/** RFC 9113 §6.5.2: SETTINGS_INITIAL_WINDOW_SIZE 0, so that no byte of a body can be sent */
const NO_WINDOW = Buffer.from([0, 4, 0, 0, 0, 0])

const get = fields([
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/nothing'],
  [':authority', 'service.example']
])

const tunnel = fields([
  [':method', 'CONNECT'],
  [':authority', 'service.example']
])

const stalls: Readonly<Record<string, Buffer>> = {
  'a header section that is not ended': frame(kind.headers, END_STREAM, 1, get),
  'a frame that is not ended': frame(kind.headers, END_STREAM | END_HEADERS, 1, get).subarray(
    0,
    12
  ),
  'an answer that is not read': frame(kind.headers, END_STREAM | END_HEADERS, 1, get),
  'an answer to CONNECT that is not read': frame(kind.headers, END_HEADERS, 1, tunnel)
}

t.test(
  'HTTP/2: unfinished requests and unread responses do not keep a connection open',
  async (t) => {
    const open = await connections(t, true, { requestMs: AN_HOUR_MS, idleMs: 50 }, 'h2')
    const stalled = Object.entries(stalls).map(async ([stall, bytes]) => {
      const socket = await open()
      socket.resume()
      socket.write(
        Buffer.concat([Buffer.from(PREFACE), frame(kind.settings, 0, 0, NO_WINDOW), bytes])
      )
      await closed(socket)
      t.ok(socket.closed, stall)
    })
    await Promise.all(stalled)
  }
)
