import t from 'tap'
import { readRouteTable } from '../../src/routes/table/load-route-table.ts'
import { locateTarget } from '../../src/routes/table/located-target.ts'
import type { RouteTable } from '../../src/routes/table/route-table.ts'
import { match as matchRequest } from '../../src/stages/match.ts'

const table = readRouteTable(
  'upstreams: { service: "http://service" }\nroutes: [{ name: open, prefix: /open, upstream: service }]',
  {}
)
const match = (target: string, host: string, routes: RouteTable, method = 'GET') =>
  matchRequest({ method, host }, locateTarget(routes, target))

t.test('a route is found by the path alone, and the target stays as it is', async (t) => {
  t.match(match('/open/a%20b?x=/../y', 'h', table), {
    route: { name: 'open' },
    target: { path: '/open/a%20b', query: '?x=/../y' }
  })
})

t.test(
  'an unknown route, a path that is not canonical and a long target have different errors',
  async (t) => {
    const refused: [target: string, status: number, code: string][] = [
      ['/nowhere', 404, 'NOT_FOUND'],
      ['/', 404, 'NOT_FOUND'],
      ['/open/../closed', 400, 'INVALID_REQUEST'],
      ['', 400, 'INVALID_REQUEST'],
      [`/open/${'x'.repeat(8187)}`, 414, 'INVALID_REQUEST'],
      [`/open?${'x'.repeat(8187)}`, 414, 'INVALID_REQUEST'],
      [`/open/../${'x'.repeat(9000)}`, 414, 'INVALID_REQUEST']
    ]
    for (const [target, status, code] of refused) {
      t.throws(() => match(target, 'h', table), { status, code }, target.slice(0, 20))
    }
    t.equal(
      match(`/open/${'x'.repeat(8186)}`, 'h', table).route.name,
      'open',
      '8,192 characters are taken'
    )
  }
)

t.test(
  'a target in absolute form is routed by its path if it names the host of the request',
  async (t) => {
    for (const target of ['http://h', 'http://h?x', 'http://nowhere.example:1']) {
      t.throws(() => match(target, 'nowhere.example:1', table), {
        code: target.endsWith(':1') ? 'NOT_FOUND' : 'INVALID_REQUEST'
      })
    }
    t.match(match('HTTP://Shop.example:80/open/a?x', 'shop.example:80', table).target, {
      path: '/open/a',
      query: '?x'
    })
    t.match(match('https://h/open', 'h', table).target, { path: '/open', query: '' })
    for (const target of [
      'http://other/open',
      'http://h@other/open',
      'http:///open',
      'ftp://h/open',
      'http:/open',
      'http://h/../open'
    ]) {
      t.throws(() => match(target, 'h', table), { code: 'INVALID_REQUEST' }, target)
    }
  }
)

t.test('a route with methods accepts only these, each with its own requirements', async (t) => {
  const listed = readRouteTable(
    `
upstreams: { service: 'http://service' }
routes:
  - name: orders
    prefix: /orders
    upstream: service
    roles: [user]
    methods: { GET: { scopes: [read] }, POST: { scopes: [write], maxLoginAgeSeconds: 60 }, DELETE: {} }
`,
    {}
  )
  const scopesOf = (method: string) =>
    match('/orders', 'h', listed, method).demands.map(({ scopes, roles }) => [...scopes, ...roles])
  t.strictSame(scopesOf('GET'), [['user'], ['read']])
  t.strictSame(scopesOf('HEAD'), [['user'], ['read']], 'HEAD is GET without the body')
  t.strictSame(scopesOf('POST'), [['user'], ['write']])
  t.strictSame(scopesOf('DELETE'), [['user'], []])
  for (const method of ['PUT', 'PATCH', 'OPTIONS', 'get', 'toString']) {
    t.throws(
      () => match('/orders', 'h', listed, method),
      { code: 'METHOD_NOT_ALLOWED', headers: { allow: 'GET, POST, DELETE, HEAD' } },
      method
    )
  }
})

t.test('a path that a lenient server would serve as another route is refused', async (t) => {
  const nested = readRouteTable(
    `
upstreams: { service: 'http://service' }
routes:
  - { name: open, prefix: /open, upstream: service, access: public }
  - { name: inner, prefix: /open/Inner, upstream: service }
`,
    {}
  )
  for (const path of [
    '/open/inner',
    '/open/INNER/a',
    '/open/Inner;x/a',
    '/open/Inner.',
    '/open/Inner%20',
    '/open/Inner%E3%80%82',
    '/open/%EF%BC%A9nner',
    '/open/x;/../Inner',
    '/open/;/Inner'
  ]) {
    const accepted = () => match(path, 'h', nested).route.name
    if (path === '/open/Inner%E3%80%82') t.equal(accepted(), 'open', 'no reader makes that a dot')
    else t.throws(accepted, { code: 'INVALID_REQUEST' }, path)
  }
  for (const path of ['/open/a;x=1', '/open/A', '/open/a.', '/open/a%20b', '/open/inners']) {
    t.equal(match(path, 'h', nested).route.name, 'open', path)
  }
  t.equal(match('/open/Inner/a;x', 'h', nested).route.name, 'inner')
})
