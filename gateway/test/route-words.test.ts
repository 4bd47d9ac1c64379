import t from 'tap'
import { head, provoke, valuesOf } from './attacks/fixtures/raw-request.ts'
import { type Edge, edge } from './fixtures/edge.ts'

const routes = `
  - { name: feed, prefix: /feed, upstream: service, access: optional, limit: { max: 1000, windowSeconds: 60, by: subject } }
  - { name: shop, prefix: /shop, upstream: service, methods: { GET: { access: public }, POST: { scopes: [orders:write] } } }
  - { name: keyed, prefix: /keyed, upstream: service, access: public, credentials: [authorization] }
  - { name: git, prefix: /git, upstream: service, access: public, encodedSlashes: pass }
  - { name: inner, prefix: /git/inner, upstream: service }
  - { name: wiki, prefix: /wiki, upstream: service, access: public, encodedDelimiters: pass }
  - { name: dav, prefix: /dav, upstream: service, access: public, stripPrefix: /dav, methods: { GET: {}, PUT: {}, PROPFIND: {}, MKCOL: {}, LOCK: {}, COPY: {}, MOVE: {} } }
  - { name: dav-private, prefix: /dav/private, upstream: service, stripPrefix: /dav, methods: { GET: {}, COPY: {} } }
  - { name: scoped, prefix: ["/@scope", "/v1/jobs:run"], upstream: service, access: public }
  - { name: search, prefix: /search, upstream: service, bodyOnGet: true, bodyLimitBytes: 65536 }
  - { name: index, prefix: /index, upstream: service, access: public, bodyOnGet: true, bodyLimitBytes: 200000 }
  - { name: based, prefix: /based, upstream: based, access: public, stripPrefix: /based, websocket: true }
  - { name: narrow, prefix: /narrow, upstream: service, access: public, answerHeaderBytes: 1024 }
  - { name: wide, prefix: /wide, upstream: service, access: public, answerHeaderBytes: 131072 }
`
const gateway = await edge(t, { routes, upstreams: `  based: '\${SERVICE}/api/v2/'` })

/** A request, byte for byte, and what the service got of it. */
async function send(line: string, lines: string[] = [], body = '') {
  const { statuses, answer, received } = await provoke(gateway, `${head(line, ...lines)}${body}`)
  return { statuses, answer, received }
}
const bearer = (token = gateway.token()) => `Authorization: Bearer ${token}`
const subjects = ({ upstream }: Edge) => upstream.received.at(-1)?.headers['x-auth-subject']

t.test(
  'optional access: a valid token gives an identity, a bad one 401, and none no identity',
  async (t) => {
    const known = await gateway.call('/feed')
    t.equal(known.status, 200)
    t.ok(subjects(gateway), 'the service learns who it is')
    t.equal(known.headers.get('vary'), 'authorization', 'no cache mixes the two up')
    const expired = gateway.token({ exp: 1_000_000_000, iat: 999_999_000 })
    const bad = [
      'Bearer x',
      `Bearer ${gateway.token()}x`,
      `Bearer ${expired}`,
      'Basic YTpi',
      '',
      'x'
    ]
    for (const authorization of bad) {
      const { statuses, received, answer } = await send('GET /feed HTTP/1.1', [
        `Authorization: ${authorization}`
      ])
      t.strictSame([statuses, received], [[401], []], authorization)
      t.match(answer, /\r\nwww-authenticate: Bearer/i)
    }
    for (const more of [[], ['X-Auth-Subject: evil'], ['x_auth_roles: admin'], ['Cookie: a=b']]) {
      const { statuses, received } = await send('GET /feed HTTP/1.1', more)
      t.strictSame(statuses, [200])
      t.notMatch(String(received[0]?.rawHeaders), /x.auth|evil|admin/i)
    }
    const twice = await send('GET /feed HTTP/1.1', [bearer(), bearer()])
    t.strictSame([twice.statuses, twice.received], [[400], []], 'two credentials')
  }
)

t.test('on a route with optional access, a revoked token is refused, not anonymous', async (t) => {
  gateway.log.revoke({
    kind: 'session',
    id: 'ended',
    until: Math.floor(gateway.clock() / 1000) + 300
  })
  const authorization = `Bearer ${gateway.token({ sid: 'ended' })}`
  const answer = await gateway.call('/feed', { headers: { authorization } })
  t.equal(answer.status, 401)
  t.match(await answer.text(), 'SESSION_ENDED')
})

t.test('methods of one prefix can have different access', async (t) => {
  for (const method of ['GET', 'HEAD']) {
    const { statuses, received } = await send(`${method} /shop HTTP/1.1`, [bearer()])
    t.strictSame(statuses, [200])
    t.strictSame(valuesOf(received[0] ?? failed(), 'x-auth-subject'), [], `${method} is public`)
    t.strictSame(valuesOf(received[0] ?? failed(), 'authorization'), [])
  }
  const nothing = 'Content-Length: 0'
  t.strictSame((await send('POST /shop HTTP/1.1', [nothing])).statuses, [401])
  t.strictSame((await send('PUT /shop HTTP/1.1', [nothing])).statuses, [405])
  const scopeless = bearer(gateway.token({ scope: 'orders:read' }))
  t.strictSame((await send('POST /shop HTTP/1.1', [nothing, scopeless])).statuses, [403])
  t.strictSame((await send('POST /shop HTTP/1.1', [nothing, bearer()])).statuses, [200])
  t.ok(subjects(gateway))
})

t.test('a service with keys of its own gets them, and never a token of ours', async (t) => {
  const authorizationOf = async (value: string) => {
    const { received } = await send('GET /keyed HTTP/1.1', [`Authorization: ${value}`])
    return received.map((one) => valuesOf(one, 'authorization'))
  }
  const jwt = (claims: object) =>
    ['{"alg":"none"}', JSON.stringify(claims), 'x']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.')
  for (const own of [
    'Bearer sk_live_123',
    'Basic YTpi',
    'Token abc',
    `Bearer ${jwt({ iss: 'x' })}`
  ]) {
    t.strictSame(await authorizationOf(own), [[own]], own)
  }
  const token = gateway.token()
  const expired = gateway.token({ exp: 1_000_000_000 })
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  for (const ours of [
    `Bearer ${token}`,
    `bearer  ${token}`,
    `BEARER ${token}`,
    `Token ${token}`,
    token,
    `Bearer ${token}x`,
    `Bearer x.${token}`,
    `Token token="${token}"`,
    `Bearer ${expired}`,
    `Basic ${base64(`user:${token}`)}`,
    `basic ${base64(`${token}:`)}`,
    `DPoP ${token}, x`
  ]) {
    t.strictSame(await authorizationOf(ours), [[]], ours.slice(0, 20))
  }
  const elsewhere = await send('GET /open HTTP/1.1', ['Authorization: Bearer sk_live_123'])
  t.strictSame(valuesOf(elsewhere.received[0] ?? failed(), 'authorization'), [], 'only by the word')
})

t.test('an encoded slash passes unchanged, and reaches no other route', async (t) => {
  for (const path of ['/git/group%2Fname', '/git/api/queues/%2F/jobs?x=%2F', '/git/a%2fb/c']) {
    for (const method of ['GET', 'POST']) {
      const { statuses, received } = await send(`${method} ${path} HTTP/1.1`, ['Content-Length: 0'])
      t.strictSame([statuses, received.map(({ target }) => target)], [[200], [path]])
    }
  }
  for (const path of [
    '/git%2Finner/x',
    '/git/%2Finner',
    '/git/inner%2Fx',
    '/git/x/%2e%2e%2Finner',
    '/git/..%2Finner',
    '/git/INNER%2fx',
    '/git/x;y%2F..%2Finner',
    '/git/inner%2F',
    '/open/a%2Fb',
    '/git/%2F%2E%2E/x'
  ]) {
    const { statuses, received } = await send(`GET ${path} HTTP/1.1`)
    t.notOk(statuses.includes(200), path)
    t.strictSame(received, [], path)
  }
})

t.test('other encoded delimiters pass unchanged', async (t) => {
  for (const path of ['/wiki/100%25', '/wiki/C%23', '/wiki/what%3F?x', '/wiki/a%3Bb']) {
    for (const method of ['GET', 'POST']) {
      const { statuses, received } = await send(`${method} ${path} HTTP/1.1`, ['Content-Length: 0'])
      t.strictSame([statuses, received.map(({ target }) => target)], [[200], [path]])
    }
  }
  for (const path of ['/wiki/a%2Fb', '/wiki/%252e%252e/closed', '/open/100%25', '/wiki%3Fx']) {
    t.notOk((await send(`GET ${path} HTTP/1.1`)).statuses.includes(200), path)
  }
})

t.test('WebDAV methods are accepted only on routes that list them', async (t) => {
  for (const [method, body] of Object.entries({ PROPFIND: '<a/>', MKCOL: '', LOCK: '<b/>' })) {
    const lines = ['Depth: 1', `Content-Length: ${body.length}`, 'Content-Type: application/xml']
    const { statuses, received } = await send(`${method} /dav/a HTTP/1.1`, lines, body)
    t.strictSame(statuses, [200], method)
    t.match(received, [{ method, target: '/a', body, headers: { depth: '1' } }])
  }
  const unlisted = await send('MKCALENDAR /dav/a HTTP/1.1')
  t.strictSame([unlisted.statuses, unlisted.received], [[405], []])
  t.match(unlisted.answer, /\r\nallow: GET, PUT, PROPFIND, MKCOL, LOCK, COPY, MOVE, HEAD\r\n/i)
  t.strictSame((await send('PROPFIND /nowhere HTTP/1.1')).statuses, [404])
})

t.test('a destination is authorised like the path itself', async (t) => {
  const copied = async (destination: string, method = 'COPY') => {
    const lines = [`Destination: ${destination}`, 'Content-Length: 0']
    const { statuses, received } = await send(`${method} /dav/a HTTP/1.1`, lines)
    return [statuses[0], received[0]?.headers.destination]
  }
  t.strictSame(await copied('/dav/b'), [200, '/b'])
  t.strictSame(await copied('http://gateway.example/dav/b%20c', 'MOVE'), [200, '/b%20c'])
  t.strictSame(await copied('https://GATEWAY.example/dav/b'), [200, '/b'])
  for (const destination of [
    '/closed/x',
    '/dav/private/x',
    '/open/x',
    'http://other.example/dav/b',
    '//dav/b',
    '/dav/../closed',
    '/dav/%2e%2e/closed',
    '/dav/PRIVATE/x',
    '/dav/private%2Fx',
    'dav/b',
    '',
    'http://gateway.example@evil/dav/b',
    'ftp://gateway.example/dav/b',
    '/dav/b#c',
    '/dav/b c'
  ]) {
    const { statuses, received } = await send('COPY /dav/a HTTP/1.1', [
      `Destination: ${destination}`,
      'Content-Length: 0'
    ])
    t.notOk(statuses.includes(200), destination)
    t.strictSame(received, [], destination)
  }
})

t.test('prefixes may have a colon or an at sign', async (t) => {
  for (const path of ['/@scope', '/@scope/package', '/v1/jobs:run']) {
    t.strictSame((await send(`GET ${path} HTTP/1.1`)).statuses, [200], path)
  }
  for (const path of ['/@scoped', '/v1/jobs:runs', '/v1/jobs']) {
    t.strictSame((await send(`GET ${path} HTTP/1.1`)).statuses, [404], path)
  }
})

t.test('a GET may have a body if its route says so', async (t) => {
  const body = '{"query":{}}'
  const large = `{"a":"${'x'.repeat(150_000)}"}`
  const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
  for (const [path, text] of [
    ['/search', body],
    ['/index', body],
    ['/index', large]
  ] as const) {
    for (const [framing, bytes] of [
      [`Content-Length: ${text.length}`, text],
      ['Transfer-Encoding: chunked', chunked(text)]
    ] as const) {
      const lines = [bearer(), framing, 'Content-Type: application/json']
      const { statuses, received } = await send(`GET ${path}/_search?q HTTP/1.1`, lines, bytes)
      t.strictSame(statuses, [200], `${path} ${framing.slice(0, 20)}`)
      t.match(received, [{ method: 'GET', target: `${path}/_search?q`, body: text }])
      t.equal(received[0]?.headers.connection, 'close', 'nothing follows on that connection')
    }
  }
  for (const path of ['/search', '/index']) {
    const waiting = await send(
      `GET ${path} HTTP/1.1`,
      [bearer(), 'Expect: 100-continue', `Content-Length: ${body.length}`],
      body
    )
    t.strictSame(waiting.statuses, [100, 200], `${path}: the client is asked for the body`)
    t.match(waiting.received, [{ body }])
    const { statuses, received } = await send(`GET ${path} HTTP/1.1`, [bearer()])
    t.strictSame(statuses, [200], `${path} without a body`)
    t.notMatch(String(received[0]?.rawHeaders), /content-length|transfer-encoding/i)
  }
})

t.test('the body of a GET is limited and framed like any other', async (t) => {
  const hidden = 'GET /open/hidden HTTP/1.1\r\nHost: gateway.example\r\n\r\n'
  const refused: [line: string, lines: string[], status: number][] = [
    ['GET /search', [bearer(), `Content-Length: 70000`], 413],
    ['GET /search', [`Content-Length: ${hidden.length}`], 401],
    ['GET /open', [`Content-Length: ${hidden.length}`], 400],
    ['GET /open', ['Transfer-Encoding: chunked'], 400],
    ['HEAD /index', [`Content-Length: ${hidden.length}`], 400],
    ['GET /index', [`Content-Length: ${hidden.length}`, 'Transfer-Encoding: chunked'], 400],
    ['GET /index', ['Content-Length: 1', 'Content-Length: 2'], 400],
    ['GET /index', ['Transfer-Encoding: chunked, identity'], 400]
  ]
  for (const [line, lines, status] of refused) {
    const { statuses, received } = await send(`${line} HTTP/1.1`, lines, hidden)
    t.equal(statuses[0], status, `${line} ${lines.at(-1)}`)
    t.strictSame(received, [], `${line} ${lines.at(-1)}`)
  }
  const whole = await send('GET /index HTTP/1.1', [`Content-Length: ${hidden.length}`], hidden)
  t.strictSame(whole.statuses, [200])
  t.match(whole.received, [{ body: hidden }], 'what looks like a request is a body')
})

t.test('the base path precedes every path of its service', async (t) => {
  for (const [path, target] of Object.entries({
    '/based': '/api/v2',
    '/based/': '/api/v2/',
    '/based/a?x': '/api/v2/a?x',
    '/based?x': '/api/v2?x'
  })) {
    for (const method of ['GET', 'POST']) {
      const { received } = await send(`${method} ${path} HTTP/1.1`, ['Content-Length: 0'])
      t.match(received, [{ target, headers: { 'x-forwarded-prefix': '/based' } }], path)
    }
  }
  const spoofed = await send('GET /open HTTP/1.1', ['X-Forwarded-Prefix: /evil'])
  t.equal(spoofed.received[0]?.headers['x-forwarded-prefix'], undefined)
})

t.test('the headers of an answer may be as large as the route says', async (t) => {
  const statusOf = async (path: string, bytes: number) => {
    gateway.upstream.answer = (_request, response) =>
      response.writeHead(200, { 'x-large': 'x'.repeat(bytes) }).end('ok')
    const { statuses, answer } = await send(`GET ${path} HTTP/1.1`)
    if (statuses[0] === 200) t.match(answer, `x-large: ${'x'.repeat(bytes)}\r\n`)
    return statuses[0]
  }
  t.equal(await statusOf('/open', 20_000), 200)
  t.equal(await statusOf('/open', 70_000), 502)
  t.equal(await statusOf('/narrow', 900), 200, 'Date and Connection count as well')
  t.equal(await statusOf('/narrow', 1025), 502)
  t.equal(await statusOf('/open', 100), 200)
})

t.test('a body of GET in chunks is counted as it comes', async (t) => {
  const tooLong = `${(300_000).toString(16)}\r\n${'x'.repeat(300_000)}\r\n0\r\n\r\n`
  const over = await send('GET /index HTTP/1.1', ['Transfer-Encoding: chunked'], tooLong)
  t.equal(over.statuses[0], 413, 'chunks are counted')
})

function failed(): never {
  throw new Error('the service got nothing')
}
