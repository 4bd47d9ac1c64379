import { runs } from '@gatehouse/fixtures/generated'
import type { SettingsFault } from '@gatehouse/settings/read-settings'
import fc from 'fast-check'
import t from 'tap'
import { loadRouteTable, readRouteTable } from '../../../src/routes/table/load-route-table.ts'

const head = 'upstreams: { service: "http://127.0.0.1:1" }\nroutes:\n'
const table = (...routes: string[]) =>
  readRouteTable(`${head}${routes.map((route) => `  - { ${route} }\n`).join('')}`, {})

t.test('the longest prefix wins, and a prefix ends where a segment ends', async (t) => {
  const { match } = table(
    'name: a, prefix: /a, upstream: service',
    'name: deep, prefix: /a/b/c, upstream: service',
    'name: two, prefix: [/x, /y/z], upstream: service',
    'name: signs, prefix: ["/@scope", "/v1/jobs:run"], upstream: service'
  )
  const found: Record<string, string | undefined> = {
    '/a': 'a',
    '/a/': 'a',
    '/a/b': 'a',
    '/a/bc/c': 'a',
    '/a/b/c': 'deep',
    '/a/b/c/d': 'deep',
    '/a/b/cd': 'a',
    '/x/1': 'two',
    '/y/z': 'two',
    '/y': undefined,
    '/ab': undefined,
    '/A': undefined,
    '/a;v=1': undefined,
    '/': undefined,
    '/@scope/x': 'signs',
    '/v1/jobs:run': 'signs',
    '/v1/jobs:runs': undefined
  }
  for (const [path, name] of Object.entries(found)) t.equal(match(path)?.name, name, path)
})

t.test('a route is found as if every prefix had been tried', async (t) => {
  const segment = fc.constantFrom('a', 'b', 'aa', 'longer', '.x')
  const path = fc
    .array(segment, { minLength: 1, maxLength: 4 })
    .map((parts) => `/${parts.join('/')}`)
  const prefixes = fc.uniqueArray(path, { minLength: 1, maxLength: 6 })
  const asked = fc.tuple(path, fc.constantFrom('', '/', 'a', '/b', '/longer/a/b/a/b'))
  const same = fc.property(prefixes, asked, (prefixes, [path, rest]) => {
    const { match } = table(
      ...prefixes.map((prefix, at) => `name: r${at}, prefix: ${prefix}, upstream: service`)
    )
    const whole = `${path}${rest}`
    const [longest] = prefixes
      .filter((prefix) => whole === prefix || whole.startsWith(`${prefix}/`))
      .sort((a, b) => b.length - a.length)
    return match(whole)?.prefixes[0] === longest
  })
  t.equal(fc.check(same, runs(2000)).counterexample, null)
})

t.test('a path of thousands of segments costs no more than a short one', async (t) => {
  const { match } = table('name: a, prefix: /a/b, upstream: service')
  const before = process.cpuUsage()
  let found = 0
  for (let index = 0; index < 1000; index += 1) {
    if (match(`${'/x'.repeat(4000)}${index}`) !== null) found += 1
  }
  const { user } = process.cpuUsage(before)
  t.equal(found, 0)
  // A lookup segment by segment would take about twenty seconds.
  t.ok(user < 5_000_000, `${user} microseconds`)
})

t.test('a route for / matches all other paths', async (t) => {
  const { match } = table(
    'name: a, prefix: /a, upstream: service',
    'name: rest, prefix: /, upstream: service'
  )
  t.equal(match('/a/b')?.name, 'a')
  t.equal(match('/elsewhere')?.name, 'rest')
  t.equal(match('/')?.name, 'rest')
})

t.test('a route is closed, small and without credentials, unless it says otherwise', async (t) => {
  t.match(table('name: a, prefix: /a, upstream: service').routes, [
    {
      name: 'a',
      prefixes: ['/a'],
      upstream: { name: 'service', addresses: ['http://127.0.0.1:1'], health: null },
      access: 'signed-in',
      scopes: [],
      roles: [],
      credentials: [],
      errors: 'problem',
      bodyLimitBytes: 1_048_576,
      methods: null,
      limits: [],
      retries: 0,
      websocket: false,
      events: false
    }
  ])
})

t.test('no route of an invalid or unsafe table is used', async (t) => {
  const faulty: Record<string, [string[], RegExp]> = {
    'no name': [['prefix: /a, upstream: service'], /name/],
    'an unknown member': [
      ['name: a, prefix: /a, upstream: service, acces: public'],
      /^ {2}- routes\.yaml:\d+:\d+: route a: acces is not known \(nearest: access\)$/m
    ],
    'an unknown access': [['name: a, prefix: /a, upstream: service, access: open'], /access/],
    'no such upstream': [
      ['name: a, prefix: /a, upstream: other'],
      /route a: upstream other is not known; allowed: service/
    ],
    'a name twice': [
      ['name: a, prefix: /a, upstream: service', 'name: a, prefix: /b, upstream: service'],
      /the name is used twice/
    ],
    'a prefix twice': [
      ['name: a, prefix: /a, upstream: service', 'name: b, prefix: [/b, /a], upstream: service'],
      /\/a is already a prefix of route a/
    ],
    'a prefix that is not canonical': [['name: a, prefix: /a/../b, upstream: service'], /prefix/],
    'a prefix with a slash behind': [['name: a, prefix: /a/, upstream: service'], /prefix/],
    'everything public': [
      ['name: a, prefix: /, upstream: service, access: public'],
      /would open every path/
    ],
    'a public route with demands': [
      ['name: a, prefix: /a, upstream: service, access: public, roles: [admin]'],
      /cannot require/
    ],
    'client authentication where a token is demanded': [
      ['name: a, prefix: /a, upstream: service, credentials: [client-authentication]'],
      /client-authentication is allowed only with access: public/
    ],
    'unknown credentials': [
      ['name: a, prefix: /a, upstream: service, access: public, credentials: [Authorization]'],
      /credentials/
    ],
    'another prefix to take off': [
      ['name: a, prefix: /a, upstream: service, stripPrefix: /b'],
      /does not begin with stripPrefix/
    ]
  }
  for (const [name, [routes, why]] of Object.entries(faulty)) {
    t.throws(() => table(...routes), { name: 'SettingsFault', message: why }, name)
  }
  t.throws(() => readRouteTable('routes: [', {}), 'no YAML')
})

t.test('all faults of a route table are reported at once', async (t) => {
  try {
    table('name: a, prefix: /a, upstream: x', 'name: a, prefix: /a, upstream: y')
    t.fail('it was taken')
  } catch (error) {
    t.equal((error as SettingsFault).faults.length, 4)
  }
})

t.test('an upstream may be named by the environment', async (t) => {
  const yaml = `
upstreams: { a: "\${A_URL:-http://fallback:1}" }
routes:
  - { name: a, prefix: /a, upstream: a }
`
  const upstream = (environment: Record<string, string>) =>
    readRouteTable(yaml, environment).routes[0]?.upstream.addresses[0]
  t.equal(upstream({}), 'http://fallback:1')
  t.equal(upstream({ A_URL: '' }), 'http://fallback:1')
  t.equal(upstream({ A_URL: 'https://real.example/' }), 'https://real.example')
})

t.test('the shipped table opens only the intended routes', async (t) => {
  const { routes } = loadRouteTable('gateway/routes.yaml', {})
  const open = routes
    .filter(({ access }) => access === 'public')
    .flatMap(({ prefixes }) => prefixes)
  t.strictSame(open.sort(), [
    '/.well-known/jwks.json',
    '/.well-known/oauth-authorization-server',
    '/auth/email/confirm',
    '/auth/email/undo',
    '/auth/email/verify',
    '/auth/login',
    '/auth/logout',
    '/auth/pages',
    '/auth/password/forgot',
    '/auth/password/reset',
    '/auth/refresh-token',
    '/auth/register',
    '/demo',
    '/echo/public',
    '/oauth/introspect',
    '/oauth/revoke',
    '/oauth/token'
  ])
  t.throws(() => loadRouteTable('nowhere.yaml', {}), { name: 'SettingsFault', message: /nowhere/ })
})
