import { request } from 'node:http'
import t from 'tap'
import { capturedLog } from '../fixtures/captured-log.ts'
import { type Edge, edge } from '../fixtures/edge.ts'

const ROUTE = `
  - { name: deep, prefix: /deep, upstream: service, methods: { GET: {}, POST: {}, MOVE: {} }, roles: [admin], bodyLimitBytes: 1, limit: { max: 1, windowSeconds: 60, by: subject } }
`
const LARGE = { 'content-length': '2' }
const UPGRADE = {
  connection: 'upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA=='
}

type Flawed = {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
}

/** A request with exactly these headers, which `fetch` would correct. */
function send({ port }: Edge, { method = 'POST', path = '/deep', headers = {} }: Flawed) {
  return new Promise<number>((resolve, reject) => {
    const body = 'x'.repeat(Number(headers['content-length'] ?? 0))
    request({ port, method, path, headers, agent: false }, (response) =>
      response.resume().once('end', () => resolve(response.statusCode ?? 0))
    )
      .once('error', reject)
      .end(body)
  })
}

t.test('of two stages that would refuse a request, the earlier one refuses it', async (t) => {
  const { log, lines } = capturedLog(t)
  const gateway = await edge(t, { routes: ROUTE, serviceLog: log, hosts: ['localhost'] })
  const bearer = (claims: Record<string, unknown>) => ({
    authorization: `Bearer ${gateway.token(claims)}`
  })
  const revoked = { sid: 'ended' }
  const exchanged = {
    ...revoked,
    aud: 'other',
    act: { sub: 'service-1' },
    delegation: { keys: ['one'], rights: [0] }
  }
  const expired = bearer({ ...exchanged, exp: gateway.clock() / 1000 - 61, nbf: 0, iat: 0 })
  const until = gateway.clock() / 1000 + 3600
  gateway.log.revoke({ kind: 'session', id: 'ended', until })
  t.equal(await send(gateway, { headers: bearer({ roles: ['admin'] }) }), 200, 'the limit is used')

  // Each request has the flaws of all later ones, as far as one request can have them.
  const host = `127.0.0.1:${gateway.port}`
  const requests: [stage: string, flawed: Flawed, reason: RegExp][] = [
    ['strip', { path: '/none', headers: { ...LARGE, ...expired, host: 'a@b' } }, /^Host/],
    [
      'refuseOtherHost',
      { path: '/none', headers: { ...LARGE, ...expired, host: 'other.example' } },
      /^GATEWAY_HOSTS/
    ],
    ['match', { path: '/none', method: 'GET', headers: { ...LARGE, ...expired } }, /no route/],
    ['refuseBodyOnGet', { method: 'GET', headers: { ...LARGE, ...expired } }, /^a GET/],
    [
      'translateDestination',
      { method: 'MOVE', headers: { ...LARGE, ...expired, destination: `http://${host}/open` } },
      /^Destination/
    ],
    ['checkUpgrade', { method: 'GET', headers: { ...UPGRADE, ...expired } }, /WebSocket/],
    ['authenticate', { headers: { ...LARGE, ...expired } }, /^the access token has expired/],
    ['refuseOtherAudience', { headers: { ...LARGE, ...bearer(exchanged) } }, /another audience/],
    ['refuseRevoked', { headers: { ...LARGE, ...bearer(revoked) } }, /session/],
    ['refuseLargeBody', { headers: { ...LARGE, ...bearer({}) } }, /body/],
    ['limit', { headers: bearer({}) }, /limit of the route/],
    ['requireAccess', { headers: bearer({ sub: 'user-2' }) }, /role is missing/]
  ]
  for (const [stage, flawed, reason] of requests) {
    const before = lines().length
    await send(gateway, flawed)
    t.match(lines().slice(before), [{ reason }], stage)
  }
  t.equal(gateway.upstream.received.length, 1, 'no flawed request reached the service')
})
