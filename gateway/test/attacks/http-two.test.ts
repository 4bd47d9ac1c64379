import { once } from 'node:events'
import { connect } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '@gatehouse/fixtures/client'
import { closed } from '@gatehouse/fixtures/closed'
import {
  ACK,
  END_HEADERS,
  END_STREAM,
  type Field,
  fields,
  frame,
  kind,
  repeated
} from '@gatehouse/fixtures/http-two-frames'
import { buildService } from '@gatehouse/http-service/build-service'
import { serviceLog } from '@gatehouse/http-service/service-log'
import { listen } from '@gatehouse/process/listen'
import t, { type Test } from 'tap'
import type { Edge } from '../fixtures/edge.ts'
import { selfSigned } from '../fixtures/self-signed.ts'
import { edgeOverTls, type Outcome, outcomeOf, rawConnection } from './fixtures/raw-http-two.ts'

const plain: Field[] = [
  ...([
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/open/x'],
    [':authority', 'gateway.example']
  ] as const)
]
/** The fields of a request, some of them otherwise, and some more. */
const asking = (change: Record<string, string> = {}, ...more: Field[]): Field[] => [
  ...plain.map(([name, value]): Field => [name, change[name] ?? value]),
  ...more
]
const without = (name: string, ...more: Field[]): Field[] => [
  ...plain.filter(([one]) => one !== name),
  ...more
]

const headers = (all: readonly Field[], flags = END_HEADERS | END_STREAM, stream = 1) =>
  frame(kind.headers, flags, stream, fields(all))
const withBody = (all: readonly Field[], body: string) =>
  Buffer.concat([headers(all, END_HEADERS), frame(kind.data, END_STREAM, 1, Buffer.from(body))])
const withTrailers = (...trailers: Field[]) =>
  Buffer.concat([
    headers(asking({ ':method': 'POST' }), END_HEADERS),
    frame(kind.data, 0, 1, Buffer.from('body')),
    headers(trailers)
  ])
const post = (...more: Field[]) => asking({ ':method': 'POST' }, ...more)
const HIDDEN = 'GET /open/evil HTTP/1.1\r\nHost: evil\r\n\r\n'

/** Read as RFC 9113 says, and then nothing of it is where it should not be; or not at all. */
const hostile: Record<string, Buffer> = {
  'a name with capitals': headers(asking({}, ['X-Auth-Subject', 'evil'])),
  'a name with a space at its end': headers(asking({}, ['x-auth-subject ', 'evil'])),
  'a name with a colon in it': headers(asking({}, ['x: a\r\nx-auth-subject', 'evil'])),
  'a name with a line in it': headers(asking({}, ['x\r\nx-auth-subject', 'evil'])),
  'a name with a NUL': headers(asking({}, ['x-auth-subject\0', 'evil'])),
  'a name that is none': headers(asking({}, ['', 'evil'])),
  'an identity header': headers(asking({}, ['x-auth-subject', 'evil'])),
  'one in another spelling': headers(asking({}, ['x_auth_subject', 'evil'])),
  'a value with a line in it': headers(asking({}, ['x', 'a\r\nx-auth-subject: evil'])),
  'a value with a line feed': headers(asking({}, ['x', 'a\nx-auth-subject: evil'])),
  'a value with a NUL': headers(asking({}, ['x', 'a\0evil'])),
  'a pseudo-header that there is not': headers([...asking(), [':x-auth-subject', 'evil']]),
  'a pseudo-header after the others': headers(
    without(':path', ['x', 'y'], [':path', '/open/evil'])
  ),
  'two paths': headers(asking({}, [':path', '/open/evil'])),
  'no path': headers(without(':path')),
  'an empty path': headers(asking({ ':path': '' })),
  'a path without a slash': headers(asking({ ':path': 'open/evil' })),
  'a path that is a URL': headers(asking({ ':path': 'https://evil.example/open/x' })),
  'a path that is a star': headers(asking({ ':path': '*' })),
  'a path with a line in it': headers(asking({ ':path': `/open/x HTTP/1.1\r\nx-evil: evil\r\n` })),
  'a path with a space': headers(asking({ ':path': '/open/x evil' })),
  'a path with dots': headers(asking({ ':path': '/open/../evil' })),
  'a path with a fragment': headers(asking({ ':path': '/open/x#evil' })),
  'a method with a line in it': headers(
    asking({ ':method': 'GET /evil HTTP/1.1\r\nx: y\r\n\r\nGET' })
  ),
  'a method with a space': headers(asking({ ':method': 'GET /evil' })),
  'a method in small letters': headers(asking({ ':method': 'evil' })),
  'no method': headers(without(':method')),
  'two methods': headers(asking({}, [':method', 'DELETE'])),
  'a tunnel': headers([
    [':method', 'CONNECT'],
    [':authority', 'evil:443']
  ]),
  'a WebSocket by CONNECT (RFC 8441)': headers(
    asking({ ':method': 'CONNECT' }, [':protocol', 'websocket'])
  ),
  'two authorities': headers(asking({}, [':authority', 'evil.example'])),
  'an authority and another Host': headers(asking({}, ['host', 'evil.example'])),
  'an authority with a user': headers(asking({ ':authority': 'evil@gateway.example' })),
  'an authority with a path': headers(asking({ ':authority': 'gateway.example/evil' })),
  'an authority with a line in it': headers(asking({ ':authority': 'a\r\nx-evil: evil' })),
  'an empty authority': headers(asking({ ':authority': '', ':path': '/open/evil' })),
  'an empty Host in place of an authority': headers(
    without(':authority', ['host', ''], ['x', 'evil'])
  ),
  'no authority at all': headers(without(':authority')),
  'a hop-by-hop header': headers(asking({}, ['connection', 'x-evil'])),
  'an upgrade': headers(asking({}, ['upgrade', 'evil'])),
  'settings of an upgrade': headers(asking({}, ['http2-settings', 'evil'])),
  'te other than trailers': headers(asking({}, ['te', 'evil'])),
  'a transfer coding (H2.TE)': withBody(
    post(['transfer-encoding', 'chunked']),
    `0\r\n\r\n${HIDDEN}`
  ),
  'a length of nothing before a body (H2.CL)': withBody(post(['content-length', '0']), HIDDEN),
  'a length shorter than the body': withBody(post(['content-length', '5']), `12345${HIDDEN}`),
  'a length longer than the body': withBody(post(['content-length', '500']), HIDDEN),
  'two lengths': withBody(post(['content-length', '41'], ['content-length', '0']), HIDDEN),
  'a length with a sign': withBody(post(['content-length', '+41']), HIDDEN),
  'a body of GET': withBody(asking(), HIDDEN),
  'a length of GET': withBody(asking({}, ['content-length', `${HIDDEN.length}`]), HIDDEN),
  'an identity header after the body': withTrailers(['x-auth-subject', 'evil']),
  'a pseudo-header after the body': withTrailers([':path', '/open/evil']),
  'two tokens': headers(
    asking(
      { ':path': '/closed' },
      ['authorization', 'Bearer evil'],
      ['authorization', 'Bearer evil']
    )
  ),
  'our cookie in crumbs': headers(asking({}, ['cookie', 'a=1'], ['cookie', '__Host-refresh=evil'])),
  'another method by a header': headers(asking({}, ['x-http-method-override', 'evil'])),
  'another address by a header': headers(asking({}, ['x-forwarded-for', 'evil'])),
  '1,000 lines': headers(asking({}, ...Array.from({ length: 1000 }, (): Field => ['x', 'evil']))),
  'a header over the limit': headers(
    asking({}, ['x', `evil${'x'.repeat(15_000)}`], ['y', 'z'.repeat(2000)])
  ),
  'a frame on a stream of the server': headers(asking({ ':path': '/open/evil' }), 5, 2),
  'no preface of headers': frame(kind.continuation, END_HEADERS, 1, fields(plain))
}

t.test('an honest request over raw frames is answered', async (t) => {
  const gateway = await edgeOverTls(t)
  t.equal(await outcomeOf(t, gateway, headers(plain)), 200)
  t.equal(await outcomeOf(t, gateway, headers(asking({ ':path': '/closed' }))), 401)
  t.equal(await outcomeOf(t, gateway, withBody(post(['content-length', '4']), 'body')), 200)
  t.match(gateway.upstream.received, [{ target: '/open/x' }, { method: 'POST', body: 'body' }])
})

t.test('a GET or HEAD that ends with an empty DATA frame has no body', async (t) => {
  const gateway = await edgeOverTls(t)
  for (const method of ['GET', 'HEAD']) {
    t.equal(await outcomeOf(t, gateway, withBody(asking({ ':method': method }), '')), 200, method)
    const session = connect(gateway.url, { rejectUnauthorized: false })
    t.teardown(() => session.destroy())
    const stream = session.request(
      { ':path': '/open/later', ':method': method },
      { endStream: false }
    )
    session.ping(() => stream.end())
    const [head] = await once(stream, 'response')
    t.equal(head[':status'], 200, `${method}, and later`)
  }
  for (const { headers } of gateway.upstream.received) {
    t.equal(headers['transfer-encoding'] ?? headers['content-length'], undefined)
  }
})

t.test('a body of GET and HEAD is refused, also without a length', async (t) => {
  const gateway = await edgeOverTls(t)
  for (const method of ['GET', 'HEAD']) {
    t.equal(await outcomeOf(t, gateway, withBody(asking({ ':method': method }), 'body')), 400)
  }
})

t.test('white space around a value is refused, as RFC 9113 §8.2.1 asks', async (t) => {
  const gateway = await edgeOverTls(t)
  for (const value of ['Bearer x ', ' Bearer x', 'Bearer x\t', ' ']) {
    const bytes = headers(asking({}, ['authorization', value]))
    t.equal(await outcomeOf(t, gateway, bytes), 400, JSON.stringify(value))
  }
  t.equal(await outcomeOf(t, gateway, headers(asking({}, ['x', 'a b']))), 200, 'within it is none')
  t.equal(await outcomeOf(t, gateway, headers(asking({}, ['x', '']))), 200, 'nor in none')
})

t.test('HTTP/2 requests that HTTP/1 cannot express are refused', async (t) => {
  const gateway = await edgeOverTls(t)
  for (const [title, bytes] of Object.entries(hostile)) {
    const before = gateway.upstream.received.length
    const outcome = await outcomeOf(t, gateway, bytes)
    const received = gateway.upstream.received.slice(before)
    t.notMatch(JSON.stringify(received), 'evil', `${title}: ${outcome}, and no service sees it`)
    t.equal(received.length, outcome === 200 ? 1 : 0, `${title}: nothing beside it`)
    t.ok(isAnswer(outcome), `${title}: ${outcome} is an answer`)
  }
  t.equal(await outcomeOf(t, gateway, headers(plain)), 200, 'others are served')
})

/**
 * What a client says before its requests, which frees Node.js from its own limit or holds it to
 * that.
 */
const beginnings = {
  'confirms the settings': frame(kind.settings, ACK, 0),
  'does not confirm the settings': Buffer.alloc(0)
}

for (const [title, beginning] of Object.entries(beginnings)) {
  t.test(`a client that ${title} may send headers of 16 KiB, as decoded`, async (t) => {
    const gateway = await edgeOverTls(t)
    const asks = (more: Buffer) =>
      outcomeOf(
        t,
        gateway,
        Buffer.concat([
          beginning,
          frame(kind.headers, END_STREAM, 1, fields(plain)),
          frame(kind.continuation, END_HEADERS, 1, more)
        ])
      )
    const lines = Array.from({ length: 90 }, (_, at): Field => [`x-${at}`, 'y'.repeat(160)])
    t.equal(await asks(fields(lines)), 200, 'in many lines')
    t.equal(await asks(fields([['x', 'y'.repeat(15_500)]])), 200, 'in one line')
    const [many, one] = gateway.upstream.received.splice(0)
    t.equal(many?.headers['x-89']?.length, 160)
    t.equal(one?.headers.x?.length, 15_500)
    t.equal(await asks(fields([['x', 'y'.repeat(16_350)]])), 431, 'a little more')
    t.equal(await asks(repeated(['x', 'y'.repeat(4000)], 3)), 200, 'four times 4 kB')
    gateway.upstream.received.length = 0
    t.equal(await asks(repeated(['x', 'y'.repeat(4000)], 4)), 431, 'five times 4 kB')
    for (const times of [20, 90]) {
      const outcome = await asks(repeated(['x', 'y'.repeat(4000)], times))
      t.ok([431, 'reset'].includes(outcome), `${times} references: ${outcome}`)
    }
    t.strictSame(gateway.upstream.received, [], 'no service sees them')
  })
}

const isAnswer = (outcome: Outcome): boolean =>
  typeof outcome === 'string' || (outcome >= 200 && outcome < 500)

/** Frames by the thousand, of which each costs a server more than its client. */
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
  'headers that go on and on (CVE-2024-27983)': (turn) =>
    turn === 0
      ? headers(plain, END_STREAM)
      : frame(kind.continuation, 0, 1, fields([[`x-${turn}`, 'y'.repeat(1000)]])),
  'pings (CVE-2019-9512)': () => frame(kind.ping, 0, 0, Buffer.alloc(8)),
  'settings (CVE-2019-9515)': () => frame(kind.settings, 0, 0),
  'empty data (CVE-2019-9518)': (turn) =>
    turn === 0 ? headers(post(), END_HEADERS) : frame(kind.data, 0, 1),
  'headers of nothing (CVE-2019-9516)': (turn) =>
    headers([...plain, ...Array.from({ length: 100 }, (): Field => ['x', ''])], 5, 2 * turn + 1),
  'windows of nothing': () => frame(kind.windowUpdate, 0, 0, Buffer.alloc(4))
}
const TIMES = 20_000

/** Sends it so often, or until the gateway has had enough. */
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
  t.ok(taken > 0 && taken <= 161, `${taken} of ${times}`)
})

t.test(
  'the gateway handles only a few requests of one write per turn of the event loop',
  async (t) => {
    const https = await selfSigned()
    const log = serviceLog('gateway', 'silent')
    // The framework makes one for each request that it prepares.
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
    // Its answer comes after all that is to be taken up.
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
