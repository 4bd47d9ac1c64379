import t from 'tap'
import { valuesOf } from '../attacks/fixtures/raw-request.ts'
import { routedEdge } from './fixtures/routed-edge.ts'

const routes = `
  - { name: feed, prefix: /feed, upstream: service, access: optional, limit: { max: 1000, windowSeconds: 60, by: subject } }
  - { name: shop, prefix: /shop, upstream: service, methods: { GET: { access: public }, POST: { scopes: [orders:write] } } }
  - { name: keyed, prefix: /keyed, upstream: service, access: public, credentials: [authorization] }
`
const { gateway, send, bearer } = await routedEdge(t, { routes })

const lastSubject = () => gateway.upstream.received.at(-1)?.headers['x-auth-subject']

t.test(
  'optional access: a valid token gives an identity, a bad one 401, and none no identity',
  async (t) => {
    const known = await gateway.call('/feed')
    t.equal(known.status, 200)
    t.ok(lastSubject(), 'the service gets the identity')
    t.equal(known.headers.get('vary'), 'authorization', 'no cache mixes up the two responses')
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
  t.ok(lastSubject())
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
  t.strictSame(
    valuesOf(elsewhere.received[0] ?? failed(), 'authorization'),
    [],
    'only on a route that says so'
  )
})

function failed(): never {
  throw new Error('the service got nothing')
}
