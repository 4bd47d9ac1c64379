import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import type { SettingsFault } from '@gatehouse/settings/read-settings'
import t from 'tap'
import { loadRouteTable, readRouteTable } from '../../src/routes/load-route-table.ts'
import { servicePath, strippedPrefix } from '../../src/routes/service-path.ts'

const route = '{ name: a, prefix: /a, upstream: service }'
const file = (upstreams: string, ...routes: string[]) =>
  `upstreams: ${upstreams}\nroutes:\n${routes.map((text) => `  - ${text}\n`).join('')}`
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

t.test('the fault of a route has its position', async (t) => {
  const wrong: Record<string, [route: string, fault: RegExp]> = {
    name: [
      '{ name: A b, prefix: /a, upstream: service }',
      /^routes\.yaml:3:13: route A b: name must be a string of lower-case letters, digits and -$/
    ],
    prefix: [
      '{ name: a, prefix: a, upstream: service }',
      /^routes\.yaml:3:24: route a: prefix must be a path such as \/orders/
    ],
    'no prefix': [
      '{ name: a, prefix: [], upstream: service }',
      /route a: prefix must be a list of 1/
    ],
    'a prefix with a query': ['{ name: a, prefix: "/a?x", upstream: service }', /prefix/],
    'a prefix with an encoding': ['{ name: a, prefix: "/%61", upstream: service }', /prefix/],
    'a prefix of dots': ['{ name: a, prefix: /.., upstream: service }', /not a canonical path/],
    upstream: ['{ name: a, prefix: /a }', /upstream/],
    'an inherited upstream': [
      '{ name: a, prefix: /a, upstream: constructor }',
      /upstream constructor is not known; allowed: service$/
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
      /cannot require/
    ],
    'public with claims of a token': [
      '{ name: a, prefix: /a, upstream: service, access: public, tokenClaims: [tenant] }',
      /a public route cannot forward claims/
    ],
    'a claim that would be no header': [
      '{ name: a, prefix: /a, upstream: service, tokenClaims: ["https://a/b"] }',
      /tokenClaims/
    ],
    'a header in capitals': [
      '{ name: a, prefix: /a, upstream: service, tokenClaims: { Tenant: tid } }',
      /tokenClaims/
    ],
    'public with headers from a token': [
      '{ name: a, prefix: /a, upstream: service, access: public, forward: { x-auth-tenant: a } }',
      /routes.yaml:3:.*a public route cannot forward claims/
    ],
    'a claim that is no part of the identity': [
      '{ name: a, prefix: /a, upstream: service, claims: [subject, tenant_id] }',
      /claims.1 must be one of subject, .* \(other claims of the token: tokenClaims or forward\)/
    ],
    'a header of the gateway itself': [
      '{ name: a, prefix: /a, upstream: service, forward: { x-auth-roles: groups } }',
      /forward.x-auth-roles is not allowed as a name, which must be a header that begins with x-auth-/
    ],
    'two spellings that differ': [
      '{ name: a, prefix: /a, upstream: service, tokenClaims: [tenant], forward: { x-auth-claim-tenant: tid } }',
      /two claims are named x-auth-claim-tenant/
    ],
    'two spellings of cors that differ': [
      '{ name: a, prefix: /a, upstream: service, cors: { maxAge: 1, maxAgeSeconds: 2 } }',
      /cors.maxAge is another spelling of cors.maxAgeSeconds/
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

t.test('claims of the token are a list, or a map from header to claim', async (t) => {
  const claimsOf = (tokenClaims: string) =>
    readRouteTable(
      file(service, `{ name: a, prefix: /a, upstream: service, tokenClaims: ${tokenClaims} }`),
      {}
    ).routes[0]?.tokenClaims
  t.strictSame(claimsOf('[tenant_id, Plan]'), [
    { name: 'tenant-id', header: 'x-auth-claim-tenant-id', path: ['tenant_id'] },
    { name: 'plan', header: 'x-auth-claim-plan', path: ['Plan'] }
  ])
  t.strictSame(claimsOf('{ tenant: "https://a/b", unit: [org, "unit.id"] }'), [
    { name: 'tenant', header: 'x-auth-claim-tenant', path: 'https://a/b' },
    { name: 'unit', header: 'x-auth-claim-unit', path: ['org', 'unit.id'] }
  ])
  t.strictSame(claimsOf('[]'), [])
  t.strictSame(claimsOf('[], forward: { x-auth-tenant: a, x-auth-claim-unit: [b] }'), [
    { name: 'tenant', header: 'x-auth-tenant', path: 'a' },
    { name: 'unit', header: 'x-auth-claim-unit', path: ['b'] }
  ])
  t.strictSame(claimsOf('[Plan], forward: { x-auth-claim-plan: Plan }')?.length, 2, 'one value')
})

t.test('the address of an upstream has only scheme, host, port and base path', async (t) => {
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
    t.match(
      faultsOf(file(`{ service: '${address}' }`, route)),
      [/^routes\.yaml:1:\d+: upstream service must be an address/],
      address
    )
  }
  for (const address of ['http://a:port', 'http://a b', 'http://[::1']) {
    t.strictSame(faultsOf(file(`{ service: '${address}' }`, route)), [
      `routes.yaml:1:23: upstream service: ${address} is not an http or https address`
    ])
  }
  const { routes } = readRouteTable(file("{ service: 'https://Example.com:443/' }", route), {})
  t.strictSame(
    routes[0]?.upstream,
    {
      name: 'service',
      addresses: ['https://example.com'],
      basePath: '',
      health: null,
      keepAliveSeconds: 0,
      tls: null
    },
    'nothing but where it is'
  )
})

t.test('a base path is canonical, and the same at each address of a service', async (t) => {
  const baseOf = (address: string) =>
    readRouteTable(file(`{ service: '${address}' }`, route), {}).routes[0]?.upstream.basePath
  t.equal(baseOf('http://a/api/v2'), '/api/v2')
  t.equal(baseOf('http://a:1/api/v2/'), '/api/v2')
  for (const path of ['/a/../b', '/a//b', '/a%2fb', '/%61', '/..', '/a\\b']) {
    t.match(
      faultsOf(file(`{ service: 'http://a${path}' }`, route)),
      [/is not a canonical path/],
      path
    )
  }
  const two = (one: string, other: string) =>
    faultsOf(file(`{ service: { addresses: ['${one}', '${other}'] } }`, route))
  t.match(two('http://a/x', 'http://b/y'), [/different base paths/])
  t.match(two('http://a:80/x', 'http://a/x/'), [/given twice/])
  t.strictSame(two('http://a/x', 'http://b/x/'), [])
})

t.test(
  'a method can have its own access, and an anonymous caller cannot be required to have rights',
  async (t) => {
    const wrong: Record<string, [route: string, fault: RegExp]> = {
      'optional with roles': [
        'access: optional, roles: [admin]',
        /optional access cannot require scopes/
      ],
      'optional with a login': [
        'access: optional, maxLoginAgeSeconds: 1',
        /optional access cannot require a login/
      ],
      'a public method of a route with scopes': [
        'scopes: [read], methods: { GET: { access: public } }',
        /GET with public access cannot require scopes/
      ],
      'an optional method with scopes': [
        'methods: { GET: { access: optional, scopes: [read] } }',
        /GET with optional access cannot require scopes/
      ],
      'Authorization of signed-in requests': [
        'credentials: [authorization]',
        /authorization is allowed only with access: public/
      ],
      'Authorization of who may be signed in': [
        'access: optional, credentials: [authorization]',
        /authorization is allowed only with access: public/
      ],
      'a method in small letters': ['methods: { propfind: {} }', /methods/],
      'a method that connects': ['methods: { CONNECT: {} }', /methods/],
      'claims where every method is public': [
        'tokenClaims: [tenant], methods: { GET: { access: public } }',
        /a public route cannot forward claims/
      ]
    }
    for (const [title, [words, fault]] of Object.entries(wrong)) {
      const faults = faultsOf(file(service, `{ name: a, prefix: /a, upstream: service, ${words} }`))
      t.match(faults.join('\n'), fault, title)
      t.equal(faults.filter((one) => /cannot require scopes/.test(one)).length < 2, true, title)
    }
    for (const access of [
      'optional',
      'signed-in, methods: { GET: { access: public }, POST: {} }'
    ]) {
      t.match(
        faultsOf(file(service, `{ name: a, prefix: /, upstream: service, access: ${access} }`)),
        [/with the prefix \/ would open every path/]
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

t.test('an unset variable is a fault that names it', async (t) => {
  const named = (text: string) => `'\${${text}}'`
  const yaml = file(
    `{ service: ${named('SERVICE_URL')}, other: ${named('OTHER_URL:-http://b')} }`,
    route
  )
  const fault = `routes.yaml:1:23: the variable SERVICE_URL is not set; \${SERVICE_URL:-value} gives it a default`
  t.strictSame(faultsOf(yaml), [fault], 'unset')
  t.strictSame(faultsOf(yaml, { SERVICE_URL: '' }), [fault], 'empty')
  t.strictSame(faultsOf(yaml, { SERVICE_URL: 'http://a' }), [])
})

t.test('a file that is no route table is refused', async (t) => {
  for (const yaml of ['', '1', '[]', 'routes: []', `upstreams: ${service}\nroutes: []`]) {
    t.not(faultsOf(yaml).length, 0, yaml)
  }
  const twice = `${file(service, route)}upstreams: ${service}\n`
  t.throws(
    () => readRouteTable(twice, {}),
    /upstreams is given twice/,
    'a member that is given twice'
  )
  t.throws(() => readRouteTable(`${file(service, route)}extra: 1\n`, {}), { name: 'SettingsFault' })
})

t.test('each shipped route is closed, or intentionally open', async (t) => {
  const { routes, match } = loadRouteTable('gateway/routes.yaml', {})
  const shipped = Object.fromEntries(
    routes.map(({ name, access, credentials }) => [name, [access, credentials]])
  )
  t.strictSame(shipped, {
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
    '/auth/me': 'auth',
    '/auth/sessions/one': 'auth',
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
    '/auth',
    '/auth/loginX',
    '/auth/oauth/token',
    '/auth/.well-known/jwks.json',
    '/.well-known',
    '/.well-known/jwks.jsonx',
    '/oauth',
    '/oauth/tokenX'
  ]
  for (const path of [...nobodys, '/internal']) {
    t.equal(match(path), null, `${path}: nobody's`)
  }
})

t.test(
  'each path of the auth service is reached in exactly one way, the documented one',
  async (t) => {
    // A test of the auth service holds this page equal to its operations.
    const page = readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8')
    const documented = [
      ...page.matchAll(/^\| `[A-Z]+ (\/(?:auth|oauth|\.well-known)\/[^`]+)` \|/gm)
    ].map(([, path = '']) => path.replaceAll(/\{\w+\}/g, 'x'))
    const { routes, match } = loadRouteTable('gateway/routes.yaml', {})
    const served = (path: string): string | null => {
      const route = match(path)
      return route?.upstream.name === 'auth' ? servicePath(route, path) : null
    }
    const prefixes = new Set(routes.map(strippedPrefix))
    for (const path of new Set(documented)) {
      const own = served(path)
      t.not(own, null, `${path} is served`)
      const ways = [...prefixes].map((prefix) => `${prefix}${own}`)
      t.strictSame(
        ways.filter((way) => served(way) === own),
        [path]
      )
    }
    t.ok(documented.includes('/oauth/token') && documented.includes('/auth/sessions/x'))
  }
)

t.test('each mistake in a table is one line, with its place and what is allowed', async (t) => {
  const upstreams = `upstreams: ${service}\n`
  const one = (members: string) =>
    `${upstreams}routes:\n  - ${members.replaceAll('\n', '\n    ')}\n`
  const a = 'name: a\nprefix: /a\nupstream: service\n'
  const lines: [title: string, yaml: string, ...lines: string[]][] = [
    ['an empty file', '', 'routes.yaml:1:1: the file is empty'],
    ['a comment', '# routes', 'routes.yaml:1:1: the file is empty'],
    ['a list', '[]', 'routes.yaml:1:1: the file must be a map of names and values'],
    ['no routes', upstreams, 'routes.yaml:1:1: routes is missing'],
    [
      'an empty list',
      `${upstreams}routes: []`,
      'routes.yaml:2:9: routes must be a list of 1 or more entries'
    ],
    [
      'routes without entries',
      `${upstreams}routes:\n`,
      'routes.yaml:2:8: routes must be a list of 1 or more entries'
    ],
    [
      'a tab',
      `${upstreams}routes:\n\t- name: a\n`,
      'routes.yaml:3:1: Tabs are not allowed as indentation'
    ],
    [
      'no colon',
      `${upstreams}routes:\n  - name a\n    prefix: /a\n`,
      'routes.yaml:3:5: a colon is missing, or quotes around the text'
    ],
    ['a member twice', one(`${a}prefix: /b`), 'routes.yaml:6:5: prefix is given twice'],
    [
      'an unknown member',
      one(`${a}require_scopes: [x]`),
      'routes.yaml:6:5: route a: require_scopes is not known; allowed: name, prefix,'
    ],
    [
      'a misspelt member',
      one(`${a}strip_prefix: /a`),
      'routes.yaml:6:5: route a: strip_prefix is not known (nearest: stripPrefix)'
    ],
    [
      'a misspelt section',
      `${upstreams}route: []\nroutes: [{ ${a.trim().replaceAll('\n', ', ')} }]`,
      'routes.yaml:2:1: route is not known (nearest: routes)'
    ],
    [
      'a misspelt value',
      one(`${a}access: signed_in`),
      'routes.yaml:6:13: route a: access must be one of signed-in, public, optional (nearest: signed-in)'
    ],
    [
      'a number as text',
      one(`${a}bodyLimitBytes: 1MB`),
      'routes.yaml:6:21: route a: bodyLimitBytes must be a whole number of 0 or more'
    ],
    [
      'a negative number',
      one(`${a}idleSeconds: -5`),
      'routes.yaml:6:18: route a: idleSeconds must be a whole number of 1 or more'
    ],
    [
      'too many',
      one(`${a}retries: 9`),
      'routes.yaml:6:14: route a: retries must be a whole number from 0 to 3'
    ],
    [
      'a word of YAML 1.1',
      one(`${a}websocket: yes`),
      'routes.yaml:6:16: route a: websocket must be true or false'
    ],
    [
      'half a limit',
      one(`${a}limit: { max: 5 }`),
      'routes.yaml:6:12: route a: limit.windowSeconds is missing'
    ],
    [
      'one of several limits',
      one(`${a}limit: [{ max: 5, windowSeconds: 1 }, { max: x, windowSeconds: 1 }]`),
      'routes.yaml:6:50: route a: limit.1.max must be a whole number of 1 or more'
    ],
    [
      'a misspelt method',
      one(`${a}methods: { get: {} }`),
      'routes.yaml:6:16: route a: methods.get is not known (nearest: GET)'
    ],
    [
      'no methods',
      one(`${a}methods: {}`),
      'routes.yaml:6:14: route a: methods must be a map of methods, for example'
    ],
    [
      'a route without a name',
      one('prefix: /a\nupstream: service'),
      'routes.yaml:3:5: route number 1: name is missing'
    ],
    [
      'a prefix twice in other letters',
      one('name: a\nprefix: [/a, /A]\nupstream: service'),
      'routes.yaml:4:13: route a: the prefix /A is given twice (letter case does not count)'
    ],
    [
      'a port that is none',
      `upstreams: { a: 'http://a:70000' }\nroutes: [{ name: a, prefix: /a, upstream: a }]`,
      'routes.yaml:1:17: upstream a: http://a:70000 is not an http or https address'
    ],
    [
      'an origin with a slash',
      one(`${a}cors: { origins: ['https://a.example/'] }`),
      'routes.yaml:6:11: route a: cors.origins must be a list of origins: entry 1 is not scheme://host'
    ],
    [
      'an origin that is a star',
      one(`${a}cors: { origins: ['*'] }`),
      'routes.yaml:6:11: route a: cors.origins must be a list of origins: entry 1 would allow'
    ],
    [
      'cors where it has no effect',
      one(`${a}preflights: service\ncors: { origins: [], credentials: true }`),
      'routes.yaml:7:11: route a: cors.credentials has no effect with preflights: service'
    ],
    ['a tag', one(`${a}scopes: !env SCOPES`), 'routes.yaml:6:13: Unresolved tag: !env'],
    [
      'a secret in an address',
      `upstreams: { a: 'http://u:hunter2@a' }\nroutes: [{ name: a, prefix: /a, upstream: a }]`,
      'routes.yaml:1:17: upstream a must be an address such as'
    ]
  ]
  for (const [title, yaml, ...expected] of lines) {
    const faults = faultsOf(yaml)
    t.equal(faults.length, expected.length, `${title}: ${faults}`)
    for (const [at, line] of expected.entries()) {
      t.ok(faults[at]?.startsWith(line), `${title}: ${faults[at]}`)
    }
    t.notMatch(faults.join(), /\n|hunter2|\^|\/routes\//, 'one line, no pattern, no pointer')
    const windows = faultsOf(yaml.replaceAll('\n', '\r\n'))
    t.strictSame(windows, faults, `${title}: the same with Windows line ends`)
  }
})

t.test('variables of any length do not change the reported positions of faults', async (t) => {
  const yaml = `upstreams: { a: '\${A}', b: '\${B_WITH_A_LONG_NAME}' }
routes: [{ name: a, prefix: '\${A}x', upstream: c }]
# \${NOT_SET} does not matter here
`
  const environment = { A: 'http://a.with.a.long.name.example', B_WITH_A_LONG_NAME: 'b' }
  t.strictSame(
    faultsOf(yaml, environment).map((fault) => fault.split(': ', 2).join(': ')),
    [
      'routes.yaml:1:28: upstream b must be an address such as http://orders:3002, without user, query and fragment',
      'routes.yaml:2:29: route a'
    ]
  )
})

t.test('a file that is not UTF-8 text is refused, and a byte order mark is ignored', async (t) => {
  const folder = dataFolder(t)
  const write = (name: string, content: Buffer) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const table = file(service, route)
  const marked = write('bom.yaml', Buffer.from(`\u{FEFF}${table}`))
  t.equal(loadRouteTable(marked, {}).routes.length, 1)
  for (const content of [Buffer.from(table, 'utf16le'), Buffer.from([0xff, 0xfe])]) {
    const wide = write('wide.yaml', content)
    t.throws(() => loadRouteTable(wide, {}), {
      message: /cannot read .*wide\.yaml: it is not UTF-8 text$/
    })
  }
})
