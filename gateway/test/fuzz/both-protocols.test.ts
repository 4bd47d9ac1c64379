import { once } from 'node:events'
import { connect } from 'node:tls'
import { closed } from '@gatehouse/fixtures/closed'
import { inputs } from '@gatehouse/fixtures/generated'
import { type Generator, generator, mutated } from '@gatehouse/fixtures/generator'
import {
  END_HEADERS,
  END_STREAM,
  type Field,
  fields,
  frame,
  kind
} from '@gatehouse/fixtures/http-two-frames'
import t, { type Test } from 'tap'
import { edgeOverTls, type Outcome, outcomeOf } from '../attacks/fixtures/raw-http-two.ts'
import type { Edge } from '../fixtures/edge.ts'
import { statusesIn } from '../fixtures/raw-client.ts'

const INPUTS = inputs(1000)

const methods = ['GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PURGE', 'MOVE', 'get']
const targets = [
  '/closed/a?b=c',
  '/open/%C3%A9',
  '/open/a',
  '/open/a;b',
  '/open/%2f',
  "/open/a|b'",
  '/optional',
  '/stripped/a',
  '/named/a',
  '/nowhere',
  '/open/../closed',
  '/open?',
  '*'
]
const hosts = ['a.example', 'A.example:443', 'a b', 'a,b', '[::1]', 'user@a.example', 'a.example/x']
const pieces = ['%', '/', '?', '.', ',', ';', '-', '_', '"', '=', '\xfc']
/** Without those that belong to a connection: HTTP/2 has none of them. */
const names = [
  'accept',
  'x-own',
  'x-auth-subject',
  'x_auth_roles',
  'x~auth~scope',
  'grpc-metadata-x-auth-email',
  'cookie',
  'authorization',
  'content-type',
  'x-forwarded-for',
  'forwarded',
  'origin',
  'access-control-request-method',
  'trailer',
  'x-request-id',
  'traceparent',
  'tracestate',
  'destination',
  'sec-fetch-site',
  'sec-websocket-key',
  'x-http-method-override',
  'proxy-authorization',
  'max-forwards',
  'priority',
  'early-data',
  'date',
  '__proto__'
]
const values = [
  '1',
  '',
  'a=1; __Host-refresh=secret',
  '198.51.100.7',
  'for=198.51.100.7',
  'https://pages.example',
  'https://evil.example',
  'text/plain',
  'an-id',
  'cross-site',
  '/named/b',
  'https://a.example/named/b',
  'Basic YTpi',
  'GET',
  'a, b',
  '\xe9'
]

/** The HTTP/2 library of Node.js drops a line with one of these, and does not report it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a value must have none
const INVALID = /[\0-\x08\x0a-\x1f\x7f]/g

type Asked = {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly lines: readonly Field[]
  readonly body: string
}

function asked(random: Generator, tokens: readonly string[]): Asked {
  const { below, pick } = random
  const lines: Field[] = []
  if (below(4) > 0) lines.push(['authorization', `Bearer ${pick(tokens)}`])
  for (let left = below(4); left > 0; left -= 1) {
    const value = pick(values)
    const other = below(8) === 0 ? mutated(value, random, pieces).trim() : value
    lines.push([pick(names), other.replace(INVALID, '')])
  }
  const target = pick(targets)
  return {
    method: pick(methods),
    target: below(4) === 0 ? mutated(target, random, pieces) : target,
    host: below(4) === 0 ? pick(hosts) : 'a.example',
    lines,
    body: below(3) === 0 ? 'body' : ''
  }
}

async function overHttpOne(t: Test, { port }: Edge, request: Asked): Promise<Outcome> {
  const { method, target, host, lines, body } = request
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  t.teardown(() => socket.destroy())
  let answer = ''
  socket
    .on('error', () => {})
    .on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
  await once(socket, 'secureConnect')
  const own = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close']
  const more = lines.map(([name, value]) => `${name}: ${value}`)
  const chunked = body === '' ? [] : ['Transfer-Encoding: chunked']
  const chunks = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
  const head = [...own, ...more, ...chunked].join('\r\n')
  socket.write(`${head}\r\n\r\n${chunks}`, 'latin1')
  await closed(socket)
  return statusesIn(answer).find((status) => status >= 200) ?? 'closed'
}

function overHttpTwo(t: Test, gateway: Edge, request: Asked): Promise<Outcome> {
  const { method, target, host, lines, body } = request
  const own: Field[] = [
    [':method', method],
    [':scheme', 'https'],
    [':path', target],
    [':authority', host]
  ]
  const section = fields([...own, ...lines])
  const head = frame(kind.headers, END_HEADERS | (body === '' ? END_STREAM : 0), 1, section)
  const rest = body === '' ? [] : [frame(kind.data, END_STREAM, 1, Buffer.from(body))]
  return outcomeOf(t, gateway, Buffer.concat([head, ...rest]))
}

/** How the two protocols announce a body to the gateway, and the gateway to the service. */
const FRAMING = /^(?:transfer-encoding|content-length|connection)$/i
const ID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/
const TRACE = /[0-9a-f]{32}-[0-9a-f]{16}/
const JWT = /eyJ[\w-]+\.[\w-]+\.[\w-]+/

/** The requests that the service got since the last call, without what differs in each. */
const heardBy = ({ upstream }: Edge): readonly string[] =>
  upstream.received.splice(0).map(({ method, target, rawHeaders, body }) => {
    const lines: string[] = []
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const [name = '', value = ''] = rawHeaders.slice(index, index + 2)
      if (FRAMING.test(name)) continue
      lines.push(`${name}: ${value.replace(ID, 'id').replace(TRACE, 'trace').replace(JWT, 'jwt')}`)
    }
    return [`${method} ${target}`, ...lines.sort(), body].join('\n')
  })

/** HTTP/2 has other ways to refuse what is no request. */
const isSame = (one: Outcome, two: Outcome): boolean =>
  one === two || (one === 400 && typeof two === 'string')

const ROUTES = `
  - { name: optional, prefix: /optional, upstream: service, access: optional }
  - { name: stripped, prefix: /stripped, stripPrefix: /stripped, upstream: service, claims: [subject, assertion] }
  - { name: named, prefix: /named, upstream: service, methods: { GET: {}, MOVE: {}, PURGE: {}, OPTIONS: {} }, preflights: service }
`

t.test('a service gets the same request over HTTP/1.1 and over HTTP/2', async (t) => {
  const random = generator()
  const gateway = await edgeOverTls(t, {
    routes: ROUTES,
    allowedOrigins: ['https://pages.example']
  })
  const good = gateway.token()
  const tokens = [good, good, good, gateway.token({ exp: 1 }), `${good}x`, 'x.y.z']
  let passed = 0
  for (let input = 0; input < INPUTS; input += 1) {
    const request = asked(random, tokens)
    const one = await overHttpOne(t, gateway, request)
    const ofOne = heardBy(gateway)
    const two = await overHttpTwo(t, gateway, request)
    const ofTwo = heardBy(gateway)
    passed += ofTwo.length
    const title = `input ${input} of seed ${random.seed}`
    const same = t.ok(isSame(one, two), `${title}: ${one} and ${two}`)
    if (!(t.strictSame(ofTwo, ofOne, title) && same)) {
      t.comment(JSON.stringify(request))
      return
    }
  }
  t.ok(passed > INPUTS / 20, `${passed} requests reached the service`)
})
