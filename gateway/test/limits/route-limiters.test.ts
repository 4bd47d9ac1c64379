import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { eventually } from '@gatehouse/fixtures/client'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { freezeRedis, redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import Fastify, { type FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { routeLimiters } from '../../src/limits/route-limiters.ts'
import type { Route } from '../../src/routes/entry/route.ts'
import type { VerifiedToken } from '../../src/tokens/verified-token.ts'
import { type Edge, edge } from '../fixtures/edge.ts'
import { serverSockets } from '../fixtures/server-sockets.ts'
import { sockets } from '../websocket/fixtures/sockets.ts'

const by = (whose: string, more = '') => `
  - name: counted
    prefix: /counted
    upstream: service
    limit: { max: 2, windowSeconds: 60, by: ${whose}${more} }
`

/** The statuses of some calls with these claims, one after the other. */
async function statuses(gateway: Edge, count: number, claims: Record<string, unknown> = {}) {
  const found: number[] = []
  for (let index = 0; index < count; index += 1) {
    const headers = { authorization: `Bearer ${gateway.token(claims)}` }
    found.push((await gateway.call('/counted', { headers })).status)
  }
  return found
}

t.test('a subject is counted whatever its token, session or address', async (t) => {
  const gateway = await edge(t, { routes: by('subject') })
  t.strictSame(await statuses(gateway, 1, { sid: 'one' }), [200])
  t.strictSame(await statuses(gateway, 2, { sid: 'two' }), [200, 429])
  t.strictSame(await statuses(gateway, 1, { sub: 'user-2' }), [200], 'another user is not limited')
})

t.test('a client is counted for all of its users', async (t) => {
  const gateway = await edge(t, { routes: by('client') })
  t.strictSame(await statuses(gateway, 2, { client_id: 'app', sub: 'user-1' }), [200, 200])
  t.strictSame(await statuses(gateway, 1, { client_id: 'app', sub: 'user-2' }), [429])
  t.strictSame(await statuses(gateway, 1, { client_id: 'other' }), [200])
})

t.test('several limits apply at once', async (t) => {
  const routes = `
  - name: counted
    prefix: /counted
    upstream: service
    limit:
      - { max: 3, windowSeconds: 60 }
      - { max: 2, windowSeconds: 60, by: subject }
`
  const gateway = await edge(t, { routes })
  t.strictSame(await statuses(gateway, 3), [200, 200, 429])
  t.strictSame(await statuses(gateway, 1, { sub: 'user-2' }), [429], 'three from this address')
})

t.test('strangers with many addresses do not push out the counts of subjects', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const remembered = 4
  const limiterOf = await routeLimiters(app, null, Date.now, remembered)
  await app.ready()
  const limit = { by: 'subject', max: 2, windowSeconds: 60, shared: false }
  const route = { name: 'counted', limits: [limit] } as unknown as Route
  const isRefused = async (address: string, token: VerifiedToken | null): Promise<boolean> => {
    const request = { ip: address, routeOptions: { config: {} } } as FastifyRequest
    return (await limiterOf(route, { request, address, token })?.()) !== null
  }
  const token = { identity: { subject: 'user-1' } } as VerifiedToken
  for (const expected of [false, false, true]) t.equal(await isRefused('::1', token), expected)
  for (let network = 1; network <= 2 * remembered; network += 1) {
    t.equal(await isRefused(`2001:db8:0:${network}::1`, null), false, `network ${network}`)
  }
  t.equal(await isRefused('::1', token), true, 'the subject is still over its limit')
})

async function shared(t: Test) {
  const server = await redisServer(t)
  const limitsRedis = await redisConnection(t, server.url)
  const gateways = [
    await edge(t, { routes: by('subject', ', shared: true'), limitsRedis }),
    await edge(t, { routes: by('subject', ', shared: true'), limitsRedis })
  ] as const
  return { server, gateways }
}

t.test(
  'gateways share the counts of shared limits, and count alone while Redis is unreachable',
  { skip: redisMissing },
  async (t) => {
    const { server, gateways } = await shared(t)
    const [first, second] = gateways
    t.strictSame(await statuses(first, 1), [200])
    t.strictSame(await statuses(second, 2), [200, 429])
    t.strictSame(await statuses(first, 1), [429])
    await server.stop()
    t.strictSame(await statuses(first, 3), [200, 200, 429], 'an outage neither opens nor closes it')
  }
)

t.test(
  'a shared limit counts any number of addresses in memory of fixed size',
  { skip: redisMissing },
  async (t) => {
    const server = await redisServer(t)
    const limitsRedis = await redisConnection(t, server.url)
    const routes = `
  - { name: counted, prefix: /counted, upstream: service, access: public, limit: { max: 2, windowSeconds: 86400, shared: true } }
`
    const options = { routes, limitsRedis, trustedProxies: ['127.0.0.1'] }
    const [first, second] = [await edge(t, options), await edge(t, options)]
    const from = async (gateway: Edge, address: string) => {
      const headers = { authorization: '', 'x-forwarded-for': address }
      const answer = await gateway.call('/counted', { headers })
      await answer.arrayBuffer()
      return answer
    }
    const codes: number[] = []
    for (const gateway of [first, second, second, first]) {
      codes.push((await from(gateway, '2001:db8::1')).status)
    }
    t.strictSame(codes, [200, 200, 429, 429], 'the gateways count together')
    for (let network = 1; network <= 50; network += 1) {
      const { status } = await from(first, `2001:db8:0:${network.toString(16)}::1`)
      t.equal(status, 200, `network ${network} is another caller`)
    }
    const [table, ...others] = await limitsRedis.keys('*')
    t.strictSame(others, [], 'there is one key for all addresses')
    const left = await limitsRedis.ttl(table ?? '')
    t.ok(left > 0 && left <= 86_400 + 60, `it lasts as long as its window: ${left} s`)
    const wait = Number((await from(first, '2001:db8::1')).headers.get('retry-after'))
    t.ok(wait > 0 && wait <= 86_400, `the caller waits for the next window: ${wait} s`)
    for (const gateway of [first, second]) gateway.clock.advance(wait * 1000)
    t.equal((await from(second, '2001:db8::1')).status, 200)
  }
)

t.test(
  'a client that resets during the limit check takes no place for a WebSocket',
  { skip: redisMissing },
  async (t) => {
    const server = await redisServer(t)
    const limitsRedis = await redisConnection(t, server.url)
    const routes = `
  - { name: live, prefix: /live, upstream: service, websocket: true, limit: { max: 9, windowSeconds: 60, shared: true } }
`
    const { gateway, open, taken } = await sockets(t, {
      routes,
      limitsRedis,
      upstreamConnections: 1
    })
    await once(open(), 'open')
    taken[0]?.socket.terminate()
    const accepted = serverSockets(t, gateway.port)
    // From here on, the service never answers an upgrade, so its place would stay taken.
    const [accept] = gateway.upstream.server.listeners('upgrade') as ((...all: unknown[]) => void)[]
    gateway.upstream.server.removeAllListeners('upgrade')
    const reached: IncomingMessage[] = []
    gateway.upstream.server.on('upgrade', (request: IncomingMessage, ...rest: unknown[]) => {
      reached.push(request)
      if (request.url === '/live/second') accept?.(request, ...rest)
    })
    const thaw = await freezeRedis(server.redis)
    t.teardown(thaw)
    const first = open('/live/first')
    const [connection] = await eventually(
      async () => accepted,
      ({ length }) => length > 0,
      10_000
    )
    await eventually(
      async () => connection?.bytesRead ?? 0,
      (bytes) => bytes > 0,
      10_000
    )
    first.terminate()
    t.ok(await eventually(async () => connection?.closed ?? false, Boolean, 10_000))
    thaw()
    await once(open('/live/second'), 'open')
    t.strictSame(
      reached.map(({ url }) => url),
      ['/live/second']
    )
  }
)
