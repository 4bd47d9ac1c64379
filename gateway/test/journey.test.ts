import { identityHeader } from '@gatehouse/edge-headers/names'
import { endsInTime } from '@gatehouse/fixtures/ends-in-time'
import { faults } from '@gatehouse/fixtures/faults'
import { createLocalJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import { type Edge, edge } from './fixtures/edge.ts'
import { adaHeaders } from './fixtures/stamped.ts'

const lastOf = ({ upstream }: Edge) => {
  const last = upstream.received.at(-1)
  if (last === undefined) throw new Error('nothing was forwarded')
  return last
}

t.test('a route is closed unless it says that it is open', async (t) => {
  const gateway = await edge(t)
  const without = (path: string) => fetch(`${gateway.url}${path}`)

  const closed = await without('/closed/x')
  t.equal(closed.status, 401)
  t.equal(closed.headers.get('www-authenticate'), 'Bearer realm="gatehouse"')
  t.equal((await without('/nowhere')).status, 404)
  t.strictSame(gateway.upstream.received, [], 'nothing was forwarded')
  t.equal((await without('/open/x')).status, 200)
  t.equal((await gateway.call('/closed/x')).status, 200)
  t.strictSame(
    gateway.upstream.received.map(({ target }) => target),
    ['/open/x', '/closed/x'],
    'the forwarded path is the matched one'
  )
})

t.test('the service gets the whole identity, and no credential', async (t) => {
  const gateway = await edge(t)

  await gateway.call('/closed/x', { headers: { 'accept-language': 'de', cookie: 'theme=dark' } })

  const { headers } = lastOf(gateway)
  const expires = String(gateway.clock() / 1000 + 300)
  t.match(headers, {
    ...adaHeaders,
    'x-auth-expires': expires,
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': new URL(gateway.url).host,
    'x-request-id': /^[\w-]{36}$/,
    traceparent: /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/,
    host: new URL(gateway.upstream.url).host,
    'accept-language': 'de',
    cookie: 'theme=dark'
  })
  t.notOk('authorization' in headers)
})

t.test('a machine client has neither session nor e-mail headers', async (t) => {
  const gateway = await edge(t)
  const claims = { sid: undefined, email: undefined, scope: '', roles: [] }
  await gateway.call('/closed', {
    headers: { authorization: `Bearer ${gateway.token(claims)}`, 'x-auth-session': 'mine' }
  })
  const { headers } = lastOf(gateway)
  t.match(headers, { 'x-auth-subject': 'user-1', 'x-auth-roles': '', 'x-auth-scope': '' })
  t.notOk(identityHeader.session in headers)
  t.notOk(identityHeader.email in headers)
})

t.test('the assertion has the same identity, for this route, signed by this gateway', async (t) => {
  const gateway = await edge(t)
  await gateway.call('/closed')
  const assertion = String(lastOf(gateway).headers[identityHeader.assertion])

  const keys = createLocalJWKSet({ keys: [gateway.assertionKey.publicJwk] })
  const { payload, protectedHeader } = await jwtVerify(assertion, keys, {
    currentDate: new Date(gateway.clock())
  })

  const now = gateway.clock() / 1000
  t.strictSame(payload, {
    iss: 'gatehouse-gateway',
    aud: 'closed',
    sub: 'user-1',
    sid: 'session-1',
    client_id: 'gatehouse',
    scope: 'orders:read orders:write',
    roles: ['user'],
    email: 'ada@example.com',
    token_exp: now + 300,
    token: { kid: gateway.key.kid, iat: now },
    iat: now,
    exp: now + 60
  })
  t.equal(protectedHeader.typ, 'gatehouse-assertion+jwt')
})

t.test('a request keeps a well-formed id and trace', async (t) => {
  const gateway = await edge(t)
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const answer = await gateway.call('/closed', {
    headers: { 'x-request-id': 'mine-1', traceparent }
  })
  t.match(lastOf(gateway).headers, { 'x-request-id': 'mine-1', traceparent })
  t.equal(answer.headers.get('x-request-id'), 'mine-1', 'the response has the id')

  for (const [id, trace] of [
    ['a b', '00-00000000000000000000000000000000-00f067aa0ba902b7-01'],
    ['<script>', 'nonsense'],
    ['x'.repeat(200), '']
  ]) {
    await gateway.call('/closed', {
      headers: { 'x-request-id': id ?? '', traceparent: trace ?? '' }
    })
    t.match(lastOf(gateway).headers['x-request-id'], /^[\w-]{36}$/, `instead of ${id?.slice(0, 9)}`)
    t.not(lastOf(gateway).headers.traceparent, trace)
  }
})

t.test('the requirements of the route are enforced', async (t) => {
  const routes = `
  - { name: admin, prefix: /admin, upstream: service, roles: [admin, root] }
  - { name: pay, prefix: /pay, upstream: service, scopes: [pay, orders:read] }
`
  const gateway = await edge(t, { routes })
  const as = (path: string, claims: Record<string, unknown>) =>
    gateway.call(path, { headers: { authorization: `Bearer ${gateway.token(claims)}` } })

  t.equal((await as('/admin', { roles: ['user'] })).status, 403)
  t.equal((await as('/admin', { roles: ['user', 'root'] })).status, 200, 'one of the roles')
  const poor = await as('/pay', { scope: 'pay' })
  t.equal(poor.status, 403, 'all of the scopes')
  t.match(
    poor.headers.get('www-authenticate'),
    'error="insufficient_scope", scope="pay orders:read"'
  )
  t.equal((await as('/pay', { scope: 'orders:read pay' })).status, 200)
})

t.test('a revoked session is refused at once, and others are not', async (t) => {
  const gateway = await edge(t)
  t.equal((await gateway.call('/closed')).status, 200)

  gateway.log.revoke({ kind: 'session', id: 'session-1', until: gateway.clock() / 1000 + 360 })
  await new Promise((resolve) => setImmediate(resolve))

  const refused = await gateway.call('/closed')
  t.equal(refused.status, 401)
  t.match(await refused.json(), { code: 'SESSION_ENDED' })
  const other = gateway.token({ sid: 'session-2' })
  const served = await gateway.call('/closed', { headers: { authorization: `Bearer ${other}` } })
  t.equal(served.status, 200)
})

t.test('an expired token says so, so that the client refreshes', async (t) => {
  const gateway = await edge(t)
  const token = gateway.token()
  const call = () => gateway.call('/closed', { headers: { authorization: `Bearer ${token}` } })
  t.equal((await call()).status, 200)
  gateway.clock.advance(304_000)
  t.equal((await call()).status, 200, 'a clock may be off by a few seconds')
  gateway.clock.advance(1000)
  const expired = await call()
  t.equal(expired.status, 401)
  t.match(await expired.json(), { code: 'TOKEN_EXPIRED', retryable: false })
  t.match(expired.headers.get('www-authenticate'), 'error="invalid_token"')
})

t.test('a gateway whose clock jumps refuses tokens until its clock is right', async (t) => {
  const gateway = await edge(t)
  for (const jumpMs of [7_200_000, -7_200_000]) {
    const authorization = `Bearer ${gateway.token({ jti: `before ${jumpMs}` })}`
    const call = async () => (await gateway.call('/closed', { headers: { authorization } })).status
    gateway.clock.advance(jumpMs)
    t.strictSame([await call()], faults.gatewayClockWrong.statuses, `${jumpMs} ms`)
    gateway.clock.advance(-jumpMs)
    const again = await endsInTime(t, faults.gatewayClockWrong, call, (status) => status === 200)
    t.equal(again === 200 ? 0 : 1, faults.gatewayClockWrong.lost, 'the same token again')
  }
})

t.test('a route has its limit, by address', async (t) => {
  const routes = `
  - { name: few, prefix: /few, upstream: service, access: public, limit: { max: 2, windowSeconds: 60 } }
`
  const gateway = await edge(t, { routes })
  const call = () => fetch(`${gateway.url}/few`)
  t.strictSame([(await call()).status, (await call()).status], [200, 200])
  const third = await call()
  t.equal(third.status, 429)
  t.match(await third.json(), { code: 'RATE_LIMITED', retryable: true })
  t.match(third.headers.get('retry-after'), /^\d+$/)
  t.equal(gateway.upstream.received.length, 2)
  t.equal((await fetch(`${gateway.url}/open`)).status, 200, 'another route is not concerned')
})
