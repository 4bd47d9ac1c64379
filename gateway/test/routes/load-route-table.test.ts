import type { SettingsFault } from '@gatehouse/settings/read-settings'
import t from 'tap'
import { loadRouteTable, readRouteTable } from '../../src/routes/load-route-table.ts'

const row = '{ name: a, prefix: /a, upstream: service }'
const file = (upstreams: string, ...rows: string[]) =>
  `upstreams: ${upstreams}\nroutes:\n${rows.map((text) => `  - ${text}\n`).join('')}`
const service = "{ service: 'http://127.0.0.1:1' }"

/** The faults of a table, or none where it is taken. */
function faultsOf(yaml: string, environment: Record<string, string> = {}): readonly string[] {
  try {
    readRouteTable(yaml, environment)
    return []
  } catch (error) {
    return (error as SettingsFault).faults
  }
}

t.test('a row says where its fault is', async (t) => {
  const wrong: Record<string, [row: string, fault: RegExp]> = {
    name: ['{ name: A b, prefix: /a, upstream: service }', /^\/routes\/0\/name /],
    prefix: ['{ name: a, prefix: a, upstream: service }', /^\/routes\/0\/prefix/],
    'no prefix': ['{ name: a, prefix: [], upstream: service }', /^\/routes\/0\/prefix/],
    'a prefix with a query': ['{ name: a, prefix: "/a?x", upstream: service }', /prefix/],
    'a prefix with an encoding': ['{ name: a, prefix: "/%61", upstream: service }', /prefix/],
    'a prefix of dots': ['{ name: a, prefix: /.., upstream: service }', /not a canonical path/],
    upstream: ['{ name: a, prefix: /a }', /upstream/],
    'an inherited upstream': [
      '{ name: a, prefix: /a, upstream: constructor }',
      /no upstream constructor/
    ],
    scopes: ['{ name: a, prefix: /a, upstream: service, scopes: read }', /scopes/],
    roles: ['{ name: a, prefix: /a, upstream: service, roles: [""] }', /roles/],
    credentials: [
      '{ name: a, prefix: /a, upstream: service, credentials: [password] }',
      /credentials/
    ],
    'a negative size': [
      '{ name: a, prefix: /a, upstream: service, bodyLimitBytes: -1 }',
      /bodyLimit/
    ],
    'half a limit': ['{ name: a, prefix: /a, upstream: service, limit: { max: 1 } }', /limit/],
    'no requests at all': [
      '{ name: a, prefix: /a, upstream: service, limit: { max: 0, windowSeconds: 1 } }',
      /limit/
    ],
    'a prefix that is half a segment of what is taken off': [
      '{ name: a, prefix: /authX, upstream: service, stripPrefix: /auth }',
      /does not begin with stripPrefix/
    ],
    'public with scopes': [
      '{ name: a, prefix: /a, upstream: service, access: public, scopes: [read] }',
      /cannot demand/
    ],
    'public with claims of a token': [
      '{ name: a, prefix: /a, upstream: service, access: public, tokenClaims: [tenant] }',
      /a public row has no token/
    ],
    'a claim that would be no header': [
      '{ name: a, prefix: /a, upstream: service, tokenClaims: ["https://a/b"] }',
      /tokenClaims/
    ],
    'a header in capitals': [
      '{ name: a, prefix: /a, upstream: service, tokenClaims: { Tenant: tid } }',
      /tokenClaims/
    ],
    'two claims of one name': [
      '{ name: a, prefix: /a, upstream: service, tokenClaims: [tenant_id, Tenant-ID] }',
      /two claims are named x-auth-claim-tenant-id/
    ]
  }
  for (const [title, [text, fault]] of Object.entries(wrong)) {
    t.match(faultsOf(file(service, text)).join('\n'), fault, title)
    t.throws(() => readRouteTable(file(service, text), {}), title)
  }
})

t.test('claims of the token are named by a list, or each with its header', async (t) => {
  const claimsOf = (tokenClaims: string) =>
    readRouteTable(
      file(service, `{ name: a, prefix: /a, upstream: service, tokenClaims: ${tokenClaims} }`),
      {}
    ).routes[0]?.tokenClaims
  t.strictSame(claimsOf('[tenant_id, Plan]'), [
    { name: 'tenant-id', path: ['tenant_id'] },
    { name: 'plan', path: ['Plan'] }
  ])
  t.strictSame(claimsOf('{ tenant: "https://a/b", unit: [org, "unit.id"] }'), [
    { name: 'tenant', path: 'https://a/b' },
    { name: 'unit', path: ['org', 'unit.id'] }
  ])
  t.strictSame(claimsOf('[]'), [])
})

t.test('an upstream is an address: scheme, host, port and a base path, and no more', async (t) => {
  const wrong = [
    '',
    '127.0.0.1:1',
    'ftp://a',
    'file:///etc',
    'http://',
    'http://a?x',
    'http://a/b?x',
    'http://a/b#c',
    'http://user:secret@a'
  ]
  for (const address of wrong) {
    t.match(faultsOf(file(`{ service: '${address}' }`, row)), [/^\/upstreams\/service /], address)
  }
  for (const address of ['http://a:port', 'http://a b', 'http://[::1']) {
    t.strictSame(faultsOf(file(`{ service: '${address}' }`, row)), [
      `upstream service: ${address} is not an address of http or https`
    ])
  }
  const { routes } = readRouteTable(file("{ service: 'https://Example.com:443/' }", row), {})
  t.strictSame(
    routes[0]?.upstream,
    {
      ...{ name: 'service', addresses: ['https://example.com'], basePath: '' },
      ...{ health: null, keepAliveSeconds: 0 }
    },
    'nothing but where it is'
  )
})

t.test('a base path is canonical, and the same at each address of a service', async (t) => {
  const baseOf = (address: string) =>
    readRouteTable(file(`{ service: '${address}' }`, row), {}).routes[0]?.upstream.basePath
  t.equal(baseOf('http://a/api/v2'), '/api/v2')
  t.equal(baseOf('http://a:1/api/v2/'), '/api/v2')
  for (const path of ['/a/../b', '/a//b', '/a%2fb', '/%61', '/..', '/a\\b']) {
    t.match(
      faultsOf(file(`{ service: 'http://a${path}' }`, row)),
      [/is not a canonical path/],
      path
    )
  }
  const two = (one: string, other: string) =>
    faultsOf(file(`{ service: { addresses: ['${one}', '${other}'] } }`, row))
  t.match(two('http://a/x', 'http://b/y'), [/different base paths/])
  t.match(two('http://a:80/x', 'http://a/x/'), [/given twice/])
  t.strictSame(two('http://a/x', 'http://b/x/'), [])
})

t.test(
  'a method has access of its own, and nothing is demanded of who may be nobody',
  async (t) => {
    const wrong: Record<string, [row: string, fault: RegExp]> = {
      'optional with roles': [
        'access: optional, roles: [admin]',
        /optional access cannot demand scopes/
      ],
      'optional with a login': [
        'access: optional, maxLoginAgeSeconds: 1',
        /optional access cannot demand a login/
      ],
      'a public method of a row with scopes': [
        'scopes: [read], methods: { GET: { access: public } }',
        /GET with public access cannot demand scopes/
      ],
      'an optional method with scopes': [
        'methods: { GET: { access: optional, scopes: [read] } }',
        /GET with optional access cannot demand scopes/
      ],
      'Authorization of signed-in requests': [
        'credentials: [authorization]',
        /Authorization is passed on only where access is public/
      ],
      'Authorization of who may be signed in': [
        'access: optional, credentials: [authorization]',
        /Authorization is passed on only where access is public/
      ],
      'a method in small letters': ['methods: { propfind: {} }', /methods/],
      'a method that connects': ['methods: { CONNECT: {} }', /methods/],
      'claims where every method is public': [
        'tokenClaims: [tenant], methods: { GET: { access: public } }',
        /a public row has no token/
      ]
    }
    for (const [title, [words, fault]] of Object.entries(wrong)) {
      const faults = faultsOf(file(service, `{ name: a, prefix: /a, upstream: service, ${words} }`))
      t.match(faults.join('\n'), fault, title)
      t.equal(faults.filter((one) => /cannot demand scopes/.test(one)).length < 2, true, title)
    }
    for (const access of [
      'optional',
      'signed-in, methods: { GET: { access: public }, POST: {} }'
    ]) {
      t.match(
        faultsOf(file(service, `{ name: a, prefix: /, upstream: service, access: ${access} }`)),
        [/for \/ would open everything/]
      )
    }
    const right = [
      'access: public, methods: { GET: {}, POST: { access: signed-in, scopes: [write] } }',
      'methods: { GET: { access: optional }, PUT: { roles: [admin] } }, limit: { max: 1, windowSeconds: 1, by: subject }',
      'credentials: [authorization], methods: { GET: { access: public }, POST: {} }',
      'methods: { GET: {}, PROPFIND: {}, MKCOL: {}, LOCK: {} }'
    ]
    for (const words of right) {
      t.strictSame(
        faultsOf(file(service, `{ name: a, prefix: /a, upstream: service, ${words} }`)),
        [],
        words
      )
    }
  }
)

t.test('what the environment does not name is a fault by its name', async (t) => {
  const named = (text: string) => `'\${${text}}'`
  const yaml = file(
    `{ service: ${named('SERVICE_URL')}, other: ${named('OTHER_URL:-http://b')} }`,
    row
  )
  t.match(faultsOf(yaml), [/^\/upstreams\/service /], 'unset')
  t.match(faultsOf(yaml, { SERVICE_URL: '' }), [/^\/upstreams\/service /], 'empty')
  t.strictSame(faultsOf(yaml, { SERVICE_URL: 'http://a' }), [])
})

t.test('what is no route table is none', async (t) => {
  for (const yaml of ['', '1', '[]', 'routes: []', `upstreams: ${service}\nroutes: []`]) {
    t.not(faultsOf(yaml).length, 0, yaml)
  }
  const twice = `${file(service, row)}upstreams: ${service}\n`
  t.throws(() => readRouteTable(twice, {}), /unique/, 'a member that is given twice')
  t.throws(() => readRouteTable(`${file(service, row)}extra: 1\n`, {}), { name: 'SettingsFault' })
})

t.test('each row that is shipped is closed, or is known to be open', async (t) => {
  const { routes, match } = loadRouteTable('gateway/routes.yaml', {})
  const rows = Object.fromEntries(
    routes.map(({ name, access, credentials }) => [name, [access, credentials]])
  )
  t.strictSame(rows, {
    'auth-login': ['public', ['own-cookies']],
    'auth-refresh': ['public', ['own-cookies']],
    auth: ['signed-in', []],
    oauth: ['public', ['client-authentication']],
    'oauth-introspect': ['public', ['client-authentication']],
    'oauth-metadata': ['public', []],
    jwks: ['public', []],
    orders: ['signed-in', []],
    echo: ['signed-in', []],
    'echo-public': ['public', []]
  })
  for (const [path, name] of Object.entries({
    '/auth/login': 'auth-login',
    '/auth/logout': 'auth-refresh',
    '/auth/logout-all': 'auth',
    '/auth/loginX': 'auth',
    '/auth/me': 'auth',
    '/oauth/token': 'oauth',
    '/oauth/revoke': 'oauth',
    '/oauth/introspect': 'oauth-introspect',
    '/.well-known/oauth-authorization-server': 'oauth-metadata',
    '/orders/1': 'orders',
    '/echo/publicX': 'echo',
    '/echo/public/x': 'echo-public'
  })) {
    t.equal(match(path)?.name, name, path)
  }
  const nobodys = [
    '/',
    '/ordersX',
    '/.well-known',
    '/.well-known/jwks.jsonx',
    '/oauth',
    '/oauth/tokenX'
  ]
  for (const path of [...nobodys, '/internal']) {
    t.equal(match(path), null, `${path}: nobody's`)
  }
})
