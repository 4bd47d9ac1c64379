import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { eventually } from '@gatehouse/fixtures/client'
import { Refusal } from '@gatehouse/problem/refusal'
import { Registry } from 'prom-client'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { bodyMemory } from '../../src/forwarding/request/body-memory.ts'
import { sockets } from '../websocket/fixtures/sockets.ts'

// One client address with slow requests took every place of a service, and all other clients got
// 503.

const PLACES = 8
const PROXY = '127.0.0.9'
const ROUTES = `
  - { name: live, prefix: /live, upstream: service, websocket: true, access: public }
  - { name: small, prefix: /small, upstream: service, access: public, bodyLimitBytes: 65536 }
`

/** A gateway of which each caller may have half of a service, and what its metrics say. */
async function halves(t: Test, upstreamSharePercent = 50) {
  const metrics = new Registry()
  const made = await sockets(t, {
    routes: ROUTES,
    metrics,
    upstreamConnections: PLACES,
    upstreamSharePercent,
    trustedProxies: [PROXY]
  })
  const { gateway } = made
  const figure = async (name: string, labels: object = {}) => {
    const found = await metrics.getSingleMetric(`gateway_upstream_${name}`)?.get()
    const values = found?.values.filter((one) =>
      Object.entries(labels).every(([label, value]) => one.labels[label] === value)
    )
    return values?.reduce((sum, { value }) => sum + value, 0)
  }
  /**
   * Sends a request from an address of this machine; the connection, and the status of the answer.
   */
  const send = async (from: string, lines: readonly string[]) => {
    const socket = connect({ port: gateway.port, host: '127.0.0.1', localAddress: from })
    t.teardown(() => socket.destroy())
    socket.on('error', () => {}).setEncoding('latin1')
    const status = new Promise<number>((resolve) => {
      socket.once('data', (text) => resolve(Number(String(text).slice(9, 12))))
      socket.once('close', () => resolve(0))
    })
    await once(socket, 'connect')
    socket.write([...lines, '', ''].join('\r\n'))
    return { socket, status }
  }
  const get = async (from: string, ...lines: string[]) => {
    const { status, socket } = await send(from, ['GET /open/quick HTTP/1.1', 'Host: a', ...lines])
    const code = await status
    socket.destroy()
    return code
  }
  return { ...made, send, get, figure }
}

type Halves = Awaited<ReturnType<typeof halves>>

/** Sends requests that stay, until one of them is refused; the connections of the others. */
async function holdAll(
  { send, figure }: Halves,
  from: string,
  lines: readonly string[],
  kind = 'requests'
): Promise<readonly Socket[]> {
  const held: Socket[] = []
  for (;;) {
    const before = (await figure(kind)) ?? 0
    const { socket, status } = await send(from, lines)
    let code = 0
    void status.then((answered) => {
      code = answered
    })
    const isHeld = async () => ((await figure(kind)) ?? 0) > before
    while (code < 400 && !(await isHeld())) await new Promise((resolve) => setTimeout(resolve, 5))
    if (code >= 400) return held
    held.push(socket)
  }
}

const upload = ['POST /open/slow HTTP/1.1', 'Host: a', 'Content-Length: 1000000']
const unread = ['GET /open/endless HTTP/1.1', 'Host: a']
const bearer = (token: string) => `Authorization: Bearer ${token}`

t.test('slow requests of one address do not cause refusals for others', async (t) => {
  const made = await halves(t)
  const { gateway, get, figure } = made
  gateway.upstream.answer = ({ url }, response) => {
    if (url === '/open/endless') response.write('some')
    else response.end('well')
  }
  for (const lines of [upload, unread]) {
    const held = await holdAll(made, '127.0.0.2', lines)
    t.equal(held.length, PLACES / 2, String(lines[0]))
    t.equal(await get('127.0.0.2'), 429)
    t.equal(await get('127.0.0.3'), 200)
    t.equal(await get('127.0.0.2', `X-Forwarded-For: 203.0.113.7`), 429, 'whatever it says it is')
    t.equal(await figure('request_callers'), 1)
    for (const socket of held) socket.destroy()
    await eventually(
      () => figure('requests'),
      (count) => count === 0,
      60_000
    )
    t.equal(await figure('request_callers'), 0, 'the share is given back')
    t.equal(await get('127.0.0.2'), 200)
  }
  t.equal(await figure('refusals_total', { kind: 'request', reason: 'caller_share' }), 6)
  t.equal(await figure('refusals_total', { reason: 'full' }), 0)
})

t.test('behind a trusted proxy, the reported client address counts', async (t) => {
  const made = await halves(t)
  const { gateway, get, figure } = made
  gateway.upstream.answer = ({ url }, response) => {
    if (url === '/open/quick') response.end('well')
  }
  const of = (client: string) => `X-Forwarded-For: ${client}`
  const held = await holdAll(made, PROXY, [...unread, of('198.51.100.1, 2001:db8:1:2::7')])
  t.equal(held.length, PLACES / 2)
  t.equal(await get(PROXY, of('2001:db8:1:2:ffff::8')), 429, 'another address of its /64')
  t.equal(await get(PROXY, of('2001:db8:1:3::7')), 200, 'another /64')
  t.equal(await get(PROXY, of('203.0.113.7')), 200)
  // A proxy that names no client may speak for any of them.
  const unnamed = await holdAll(made, PROXY, unread)
  t.equal(unnamed.length, PLACES / 2, 'all that are left')
  t.equal(await get('127.0.0.3'), 503)
  t.equal(await figure('refusals_total', { reason: 'full' }), 2)
})

t.test('users behind one address have a share each, even if one attacks', async (t) => {
  const made = await halves(t)
  const { gateway, get } = made
  gateway.upstream.answer = ({ url }, response) => {
    if (url === '/open/quick' || url === '/closed/quick') response.end('well')
  }
  await holdAll(made, '127.0.0.2', unread)
  const tokenOf = (name: string) => bearer(gateway.token({ sub: name, sid: `session of ${name}` }))
  const closed = async (name: string) => {
    const lines = ['GET /closed/quick HTTP/1.1', 'Host: a', tokenOf(name)]
    return (await made.send('127.0.0.2', lines)).status
  }
  for (const name of ['ada', 'bob', 'eve']) t.equal(await closed(name), 200)
  const slow = ['GET /closed/slow HTTP/1.1', 'Host: a', tokenOf('ada')]
  t.equal((await holdAll(made, '127.0.0.2', slow)).length, PLACES / 4)
  t.equal(await closed('ada'), 429)
  t.equal(await closed('bob'), 200)
  t.equal(await get('127.0.0.2'), 429)
})

t.test('WebSockets of one address do not cause refusals for others', async (t) => {
  const made = await halves(t)
  const { gateway, figure } = made
  const upgrade = [
    'GET /live HTTP/1.1',
    'Host: a',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
  ]
  const held = await holdAll(made, '127.0.0.2', upgrade, 'websockets')
  t.equal(held.length, PLACES / 2)
  const other = new WebSocket(`${gateway.url.replace('http', 'ws')}/live`, {
    localAddress: '127.0.0.3'
  })
  t.teardown(() => other.terminate())
  await once(other, 'open')
  t.equal(await figure('websocket_callers'), 2)
  t.equal(await figure('refusals_total', { kind: 'websocket', reason: 'caller_share' }), 1)
  for (const socket of held) socket.destroy()
  await eventually(
    () => figure('websocket_callers'),
    (count) => count === 1,
    60_000
  )
  t.equal(await figure('websockets'), 1)
})

// Bodies that are held until they are complete take no place of a service.
t.test('unfinished bodies of one address do not fill the memory', async (t) => {
  const { gateway, send } = await halves(t, 5)
  gateway.upstream.answer = (_request, response) => response.end('well')
  const post = (length: number, ...body: string[]) => [
    'POST /small HTTP/1.1',
    'Host: a',
    `Content-Length: ${length}`,
    '',
    ...body
  ]
  const statusFrom = async (from: string) => (await send(from, post(6, 'ab'))).status
  // 5 percent of 64 MiB, and 80 KiB for each body.
  const held = 40
  const unfinished = Array.from({ length: held + 20 }, () => send('127.0.0.2', post(65_536, 'a')))
  const statuses: number[] = []
  const sent = await Promise.all(unfinished)
  for (const { status } of sent) void status.then((code) => statuses.push(code))
  const all = await eventually(
    async () => [...statuses],
    ({ length }) => length === 20,
    5000
  )
  t.strictSame(all, Array(20).fill(429))
  t.equal(await statusFrom('127.0.0.3'), 200)
  for (const { socket } of sent) socket.destroy()
  const later = await eventually(
    () => statusFrom('127.0.0.2'),
    (status) => status === 200,
    60_000
  )
  t.equal(later, 200, 'the memory is given back')
})

t.test('the memory for bodies is shared as places are', async (t) => {
  const kib = 1024
  const { reserve } = bodyMemory(50, 160 * kib)
  const take = (caller: string | null) => {
    const release = reserve(caller, 4 * kib)
    return release instanceof Refusal ? release.code : release
  }
  const own = [1, 2, 3, 4].map(() => take('ada'))
  t.notOk(own.includes('RATE_LIMITED'), '80 of 160 KiB')
  t.equal(take('ada'), 'RATE_LIMITED')
  t.type(take('bob'), 'function')
  t.type(take('bob'), 'function', '40 of the 80 KiB that are left')
  t.equal(take('bob'), 'RATE_LIMITED')
  t.type(take(null), 'function')
  t.type(take(null), 'function')
  t.equal(take(null), 'UNAVAILABLE')
  const [release] = own
  if (typeof release === 'function') release()
  t.equal(take('ada'), 'RATE_LIMITED', 'the others have more now')
  t.type(take(null), 'function')
})
