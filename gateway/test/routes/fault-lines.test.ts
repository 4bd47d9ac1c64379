import t from 'tap'
import { faultsOf, service } from './fixtures/table-file.ts'

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
      'routes.yaml:3:5: a colon, or quotes around the text, are missing'
    ],
    [
      'an alias without an anchor',
      `${upstreams}routes:\n  - *shared\n`,
      'routes.yaml:3:5: no anchor &shared stands before *shared'
    ],
    [
      'two documents',
      `${one(a)}---\n${one(a)}`,
      'routes.yaml:7:1: a second document begins here, but only one is allowed'
    ],
    [
      'aliases of aliases',
      `a: &a [${Array(20).fill('x')}]\nb: &b [${Array(20).fill('*a')}]\nc: [${Array(20).fill('*b')}]`,
      'routes.yaml: its aliases repeat too much: write the text out'
    ],
    [
      'more aliases than any table needs',
      `a: [${Array.from({ length: 1001 }, (_, at) => `&a${at} x, *a${at}`)}]`,
      'routes.yaml: its aliases repeat too much: write the text out'
    ],
    [
      'a name twice in a list of maps',
      `${upstreams}routes: [{ name: a, name: b }, { name: a }]`,
      'routes.yaml:2:21: name is given twice'
    ],
    ['a member twice', one(`${a}prefix: /b`), 'routes.yaml:6:5: prefix is given twice'],
    [
      'an unknown member',
      one(`${a}require_scopes: [x]`),
      'routes.yaml:6:5: route a: require_scopes is not known; allowed: name, audience, prefix,'
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
      'two scopes in one',
      one(`${a}scopes: ['orders:read orders:write']`),
      'routes.yaml:6:14: route a: scopes.0 must be a scope, without space, quotation mark and backslash'
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
      'yes, which was a boolean in YAML 1.1',
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
      'routes.yaml:4:13: route a: the prefix /A is given twice (letter case is ignored)'
    ],
    [
      'a port over 65535',
      `upstreams: { a: 'http://a:70000' }\nroutes: [{ name: a, prefix: /a, upstream: a }]`,
      'routes.yaml:1:17: upstream a: http://a:70000 is not an http or https address: its host or port is not valid'
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
