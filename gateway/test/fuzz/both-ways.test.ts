import { setImmediate as nextTurn } from 'node:timers/promises'
import { inputs } from '@gatehouse/fixtures/generated'
import { type Generator, generator, mutated } from '@gatehouse/fixtures/generator'
import t, { type Test } from 'tap'
import { accessLog } from '../../src/telemetry/access-log.ts'
import { type Edge, edge } from '../fixtures/edge.ts'
import { sendBytes, statusesIn } from '../fixtures/raw-client.ts'
import { type SpokenService, spokenService } from './fixtures/spoken-service.ts'

const INPUTS = inputs(1000)

const methods = ['GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'DELETE', 'get']
const versions = ['1.1', '1.1', '1.1', '1.1', '1.0']
const targets = [
  '/spoken/a?b=c',
  '/spoken/a?b=c',
  '/spoken/%C3%A9',
  '/public/a',
  '/public/%2e/a',
  '/optional',
  '/admins/a',
  '/stripped/a//b',
  '/stripped/a',
  '/named/a',
  '/nowhere',
  '/spoken/../public',
  'http://gateway.example/spoken/a',
  'http://other.example/spoken/a',
  '*'
]
const pieces = ['%', '/', '?', '.', ' ', '\t', ',', ';', '-', '_', '\xfc', '"', '__proto__']
/** The constant id of the trace. */
const TRACE = '1'.repeat(32)
const lines = [
  'X-Auth-Subject: evil',
  'x_auth_roles: admin',
  'X-Forwarded-For: 198.51.100.7',
  'Forwarded: for=198.51.100.7',
  'Cookie: a=1; __Host-refresh=secret',
  'Cookie: b=2',
  'Connection: keep-alive, x-own',
  'Connection: close',
  'X-Own: 1',
  'X-Own: 2',
  'Accept: */*',
  'Content-Length: 0',
  'Content-Length: x',
  'Transfer-Encoding: identity',
  'Expect: 100-continue',
  'Expect: else',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Origin: https://pages.example',
  'Origin: https://evil.example',
  'Host: other.example',
  'Authorization: Basic YTpi',
  'X-Request-Id: an-id',
  'X-Request-Id: no id',
  `Traceparent: 00-${TRACE}-00f067aa0ba902b7-00`,
  'Tracestate: a=b',
  'TE: trailers',
  '__proto__: 1',
  'constructor: 1',
  'x: \xfc',
  ...Array.from({ length: 3 }, (_, index) => `X-${index}: ${'v'.repeat(index * 40)}`)
]

function request(random: Generator, tokens: readonly string[]): string {
  const target = random.pick(targets)
  const path = random.below(4) === 0 ? mutated(target, random, pieces) : target
  const head = [`${random.pick(methods)} ${path} HTTP/${random.pick(versions)}`]
  if (random.below(12) > 0) head.push('Host: gateway.example')
  if (random.below(6) > 0) head.push(`Authorization: Bearer ${random.pick(tokens)}`)
  for (let left = random.below(4); left > 0; left -= 1) {
    const line = random.pick(lines)
    head.push(random.below(8) === 0 ? mutated(line, random, pieces) : line)
  }
  return `${head.join('\r\n')}\r\n\r\n`
}

const answers = [
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nServer: s\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\nx-sum: 1\r\n\r\n',
  'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: __Host-refresh=x\r\nX-Auth-Subject: x\r\nContent-Length: 1\r\n\r\n1',
  'HTTP/1.1 204 No Content\r\nX-Request-Id: own\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 5\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1',
  'HTTP/1.1 302 Found\r\nLocation: /a\r\nVary: *\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 500 Oops\r\nStrict-Transport-Security: max-age=0\r\nDate: then\r\nContent-Length: 3\r\n\r\nno\n',
  'HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 1\r\n\r\n1',
  'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n',
  'HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n',
  'no answer at all\r\n\r\n'
]
/** A response without a length ends with its connection. */
const UNTIL_THE_END = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n'

const ROUTES = `
  - { name: spoken, prefix: /spoken, upstream: spoken }
  - { name: public, prefix: /public, upstream: spoken, access: public, credentials: [own-cookies] }
  - { name: optional, prefix: /optional, upstream: spoken, access: optional, answerPaths: rewrite }
  - { name: admins, prefix: /admins, upstream: spoken, roles: [admin] }
  - { name: stripped, prefix: /stripped, stripPrefix: /stripped, upstream: spoken, claims: [subject, assertion] }
  - { name: named, prefix: /named, upstream: spoken, methods: { GET: {}, OPTIONS: {} }, preflights: service }
`

/** Replaces the parts that differ in every request: ids, times, spans and dates. */
const masked = (text: string): string =>
  text
    .replace(/^Date: .{29}$/gm, 'Date')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'id')
    .replace(new RegExp(`(?!${TRACE})[0-9a-f]{32}(-[0-9a-f]{16})?`, 'g'), 'trace')
    .replace(/"(time|[\w.]+\.duration)":[\d.e-]+/g, '"$1"')

/** In turns of the event loop: a request ends shortly after its client has the response. */
const MOST_TURNS = 50

/** Waits for the log lines of a request. Requests that the parser refuses have none. */
async function written(isThere: () => boolean): Promise<void> {
  for (let turns = 0; turns < MOST_TURNS && !isThere(); turns += 1) await nextTurn()
}

type Way = 'framework' | 'short'

/** A gateway that handles plain requests in either way: with and without the framework. */
async function bothWays(t: Test) {
  const service = await spokenService(t)
  let way: Way = 'short'
  let plain = 0
  let log: string[] = []
  const gateway = await edge(t, {
    upstreams: `  spoken: '${service.url}'`,
    routes: ROUTES,
    allowedOrigins: ['https://pages.example'],
    trustedProxies: ['192.0.2.1'],
    logRequest: accessLog({ destination: { write: (line) => log.push(line) }, samples: {} }),
    usesFramework() {
      plain += 1
      return way === 'framework'
    }
  })
  const seen = async (which: Way, bytes: string) => {
    way = which
    log = []
    const client = await sendBytes(gateway.port, bytes)
    await written(() => log.length >= statusesIn(client).length)
    return {
      client: masked(client),
      service: service.heard().map(masked),
      log: log.map(masked)
    }
  }
  return { gateway, service, seen, plain: () => plain }
}

const tokensOf = (gateway: Edge): string[] => {
  const good = gateway.token()
  const admin = gateway.token({ roles: ['admin'], scope: '' })
  const ended = gateway.token({ sid: 'ended' })
  gateway.log.revoke({ kind: 'session', id: 'ended', until: 4_000_000_000 })
  return [good, good, good, admin, ended, gateway.token({ exp: 1 }), `${good}x`, 'x.y.z', '']
}

const answer = (service: SpokenService, random: Generator): void => {
  if (random.below(8) === 0) service.say(UNTIL_THE_END, true)
  else service.say(random.pick(answers), random.below(4) === 0)
}

t.test('services, clients and the log see the same request in either way', async (t) => {
  const random = generator()
  const { gateway, service, seen, plain } = await bothWays(t)
  const tokens = tokensOf(gateway)
  for (let input = 0; input < INPUTS; input += 1) {
    answer(service, random)
    const last = 'GET /public/last HTTP/1.1\r\nHost: gateway.example\r\nConnection: close\r\n\r\n'
    const bytes = request(random, tokens) + last
    const short = await seen('short', bytes)
    const framework = await seen('framework', bytes)
    if (!t.strictSame(short, framework, `input ${input} of seed ${random.seed}`)) {
      t.comment(bytes)
      return
    }
  }
  // Each input has two requests, which are sent twice. Many end the connection of the other.
  t.ok(plain() > INPUTS / 2, `${plain()} requests could go without the framework`)
})
