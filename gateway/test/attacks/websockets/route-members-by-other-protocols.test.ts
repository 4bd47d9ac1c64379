import { once } from 'node:events'
import { connect as connectTwo, type IncomingHttpHeaders } from 'node:http2'
import t, { type Test } from 'tap'
import type { WebSocket } from 'ws'
import type { Edge } from '../../fixtures/edge.ts'
import { sockets } from '../../websocket/fixtures/sockets.ts'
import { edgeOverTls } from '../fixtures/raw-http-two.ts'

const routes = `
  - { name: feed, prefix: /feed, upstream: service, access: optional, websocket: true, events: true }
  - { name: keyed, prefix: /keyed, upstream: service, access: public, credentials: [authorization], websocket: true }
  - { name: index, prefix: /index, upstream: service, access: public, bodyOnGet: true }
  - { name: git, prefix: /git, upstream: service, access: public, encodedSlashes: pass }
  - { name: wide, prefix: /wide, upstream: service, access: public, answerHeaderBytes: 131072 }
`

/** The status of a handshake: 101, or the status of the refusal. */
const statusOf = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => {
    socket.once('open', () => resolve(101))
    socket.once('unexpected-response', (_request, answer) => resolve(answer.statusCode ?? 0))
  })

t.test('a WebSocket with optional access is signed in, anonymous or refused', async (t) => {
  const { gateway, taken, open } = await sockets(t, { routes })
  const token = gateway.token()
  const authorization = `Bearer ${token}`
  const cases: [
    title: string,
    status: number,
    protocols: string[],
    headers: Record<string, string>
  ][] = [
    ['no token', 101, ['v1'], {}],
    ['a token in the header', 101, ['v1'], { authorization }],
    ['a token as a subprotocol', 101, ['v1', `gatehouse.bearer.${token}`], {}],
    ['a bad token', 401, ['v1'], { authorization: `${authorization}x` }],
    ['a bad token as a subprotocol', 401, ['v1', 'gatehouse.bearer.x'], {}],
    ['no token in the subprotocol', 401, ['v1', 'gatehouse.bearer.'], {}],
    ['two tokens', 400, ['v1', `gatehouse.bearer.${token}`], { authorization }]
  ]
  for (const [title, status, protocols, headers] of cases) {
    const before = taken.length
    const spoofed = { 'x-auth-subject': 'evil', ...headers }
    t.equal(await statusOf(open('/feed', protocols, spoofed)), status, title)
    t.equal(taken.length - before, status === 101 ? 1 : 0, title)
    if (status !== 101) continue
    const subject = taken.at(-1)?.request.headers['x-auth-subject']
    t.equal(subject !== undefined, title !== 'no token', `${title}: ${subject}`)
    t.not(subject, 'evil')
  }
})

t.test('a WebSocket and a stream with optional access end with the token', async (t) => {
  const { gateway, open } = await sockets(t, { routes })
  const signedIn = { authorization: `Bearer ${gateway.token({ sid: 'soon' })}` }
  const [known, stranger] = [open('/feed', ['v1'], signedIn), open('/feed', ['v1'], {})]
  t.strictSame([await statusOf(known), await statusOf(stranger)], [101, 101])
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
  }
  const stream = await fetch(`${gateway.url}/feed`, { headers: signedIn })
  const closed = once(known, 'close')
  gateway.log.revoke({
    kind: 'session',
    id: 'soon',
    until: Math.floor(gateway.clock() / 1000) + 300
  })
  const [code, reason] = await closed
  t.strictSame([code, String(reason)], [3000, 'SESSION_ENDED'])
  t.match(await stream.text(), /event: gatehouse-end\ndata: SESSION_ENDED/)
  const answered = once(stranger, 'message')
  stranger.send('still here')
  t.equal(String((await answered)[0]), 'still here', 'a stranger has no session that could end')
})

t.test(
  'a token as a subprotocol is no Authorization for a service with keys of its own',
  async (t) => {
    const { gateway, taken, open } = await sockets(t, { routes })
    const authorizationOf = async (protocols: string[], headers: Record<string, string>) => {
      t.equal(await statusOf(open('/keyed', protocols, headers)), 101)
      return taken.at(-1)?.request.headers.authorization
    }
    const key = { authorization: 'Bearer sk_live_123' }
    t.equal(await authorizationOf(['v1'], key), key.authorization)
    t.equal(await authorizationOf(['v1', 'gatehouse.bearer.sk_live_123'], {}), undefined)
    t.equal(await authorizationOf(['v1', `gatehouse.bearer.${gateway.token()}`], {}), undefined)
    const ours = { authorization: `Bearer ${gateway.token()}` }
    t.equal(await authorizationOf(['v1'], ours), undefined)
  }
)

/** A request over HTTP/2, its body in frames without a length. */
async function overTwo(
  t: Test,
  { url }: Edge,
  headers: Record<string, string>,
  body: string | null
): Promise<IncomingHttpHeaders> {
  const client = connectTwo(url, {
    rejectUnauthorized: false,
    settings: { maxHeaderListSize: 1024 * 1024 }
  })
  t.teardown(() => client.destroy())
  const stream = client.request(headers, { endStream: body === null })
  if (body !== null) stream.end(body)
  const [answer] = await once(stream, 'response')
  for await (const _ of stream.setEncoding('latin1'));
  client.close()
  return answer
}

t.test('the members of a route mean the same over HTTP/2', async (t) => {
  const gateway = await edgeOverTls(t, { routes })
  const last = () => gateway.upstream.received.at(-1)
  const hidden = 'GET /open/hidden HTTP/1.1\r\nHost: a\r\n\r\n'

  t.match(await overTwo(t, gateway, { ':path': '/index' }, hidden), { ':status': 200 })
  t.match(last(), { method: 'GET', target: '/index', body: hidden })
  t.match(await overTwo(t, gateway, { ':path': '/index' }, ''), { ':status': 200 })
  t.match(last(), { method: 'GET', target: '/index', body: '' })
  const declared = { ':path': '/open', 'content-length': String(hidden.length) }
  t.match(await overTwo(t, gateway, declared, hidden), { ':status': 400 })
  await overTwo(t, gateway, { ':path': '/open' }, hidden)
  t.notMatch(last(), { body: hidden }, 'without bodyOnGet, no body is forwarded')

  t.match(await overTwo(t, gateway, { ':path': '/git/a%2Fb' }, null), { ':status': 200 })
  t.equal(last()?.target, '/git/a%2Fb')
  t.match(await overTwo(t, gateway, { ':path': '/git/..%2Fopen' }, null), { ':status': 400 })

  const feed = { ':path': '/feed', authorization: 'Bearer x' }
  t.match(await overTwo(t, gateway, feed, null), { ':status': 401 })
  t.match(await overTwo(t, gateway, { ':path': '/feed', 'x-auth-subject': 'evil' }, null), {
    ':status': 200,
    vary: 'authorization'
  })
  t.equal(last()?.headers['x-auth-subject'], undefined)

  // Not in one field, because clients read at most 64 KiB of one (nghttp2).
  for (const cookies of [4, 12, 25]) {
    const written = Array.from({ length: cookies }, (_, at) => `c${at}=${'x'.repeat(5000)}`)
    gateway.upstream.answer = (_request, response) =>
      response.writeHead(200, { 'set-cookie': written }).end('ok')
    const answer = await overTwo(t, gateway, { ':path': '/wide' }, null)
    t.strictSame(answer['set-cookie'], written, `${cookies * 5000} bytes of headers`)
  }
})
