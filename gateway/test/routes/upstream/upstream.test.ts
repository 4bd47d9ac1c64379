import t from 'tap'
import { readRouteTable } from '../../../src/routes/table/load-route-table.ts'
import { faultsOf, route, tableFile } from '../fixtures/table-file.ts'

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
      faultsOf(tableFile(`{ service: '${address}' }`, route)),
      [/^routes\.yaml:1:\d+: upstream service must be an address/],
      address
    )
  }
  const faults = {
    'http://a:port': 'its host or port is not valid',
    'http://a b': 'it contains white space',
    'http://::1:80': 'an IPv6 address needs brackets, as in http://[::1]:3001'
  }
  for (const [address, fault] of Object.entries(faults)) {
    t.strictSame(faultsOf(tableFile(`{ service: '${address}' }`, route)), [
      `routes.yaml:1:23: upstream service: ${address} is not an http or https address: ${fault}`
    ])
  }
  const { routes } = readRouteTable(tableFile("{ service: 'https://Example.com:443/' }", route), {})
  t.strictSame(
    routes[0]?.upstream,
    {
      name: 'service',
      addresses: ['https://example.com'],
      basePath: '',
      health: null,
      protocol: 'http/1.1',
      keepAliveSeconds: 0,
      tls: null
    },
    'nothing but where it is'
  )
})

t.test('a base path is canonical, and the same at each address of a service', async (t) => {
  const baseOf = (address: string) =>
    readRouteTable(tableFile(`{ service: '${address}' }`, route), {}).routes[0]?.upstream.basePath
  t.equal(baseOf('http://a/api/v2'), '/api/v2')
  t.equal(baseOf('http://a:1/api/v2/'), '/api/v2')
  for (const path of ['/a/../b', '/a//b', '/a%2fb', '/%61', '/..', '/a\\b']) {
    t.match(
      faultsOf(tableFile(`{ service: 'http://a${path}' }`, route)),
      [/is not a canonical path/],
      path
    )
  }
  const two = (one: string, other: string) =>
    faultsOf(tableFile(`{ service: { addresses: ['${one}', '${other}'] } }`, route))
  t.match(two('http://a/x', 'http://b/y'), [/different base paths/])
  t.match(two('http://a:80/x', 'http://a/x/'), [/given twice/])
  t.strictSame(two('http://a/x', 'http://b/x/'), [])
})

t.test(
  'upstreams that share an address have the same health, or only one of them has it',
  async (t) => {
    const two = (one: string, other: string) =>
      faultsOf(
        tableFile(
          `{ service: { addresses: ['http://a:80'], ${one} }, other: { addresses: ['http://a'], ${other} } }`,
          route
        )
      )
    t.match(two('health: { path: /x }', 'health: { path: /y }'), [
      /upstream other: health must be as that of upstream service, which has the address http:\/\/a too/
    ])
    t.strictSame(two('health: { path: /x }', 'health: { unhealthyAfter: 2, path: /x }'), [])
    t.strictSame(two('health: { path: /x }', 'keepAliveSeconds: 5'), [])
  }
)

t.test('a fault in the value of a variable names the variable', async (t) => {
  const told = (value: string, entry = `\${A_URL:-http://a}`) =>
    faultsOf(tableFile(`{ service: ${entry} }`, route), { A_URL: value })
  const where = (column: number) => `^routes\\.yaml:1:${column}: `
  const of = 'in the value of A_URL: '
  const cases: [value: string, message: string, entry?: string][] = [
    ['localhost:3001', `${where(23)}${of}upstream service must be .*does not begin with http`],
    ['http://u:sesame@a', `${where(23)}${of}upstream service must be .*; it contains a user`],
    ['http://a:port', `${where(23)}upstream service: ${of}http://a:port is not`, `"\${A_URL}"`],
    [
      'http://b:port',
      `upstream service: ${of}http://b:port`,
      `{ addresses: [http://a, "\${A_URL}"] }`
    ],
    ['{ adresses: [http://a] }', `${of}(addresses is missing|adresses is not known)`],
    ['{ addresses: [http://a', `${of}`],
    ['http://a: b', `${of}`]
  ]
  for (const [value, message, entry] of cases) {
    const [fault = '', ...others] = told(value, entry)
    t.match(fault, new RegExp(message), value)
    t.notMatch(fault, 'sesame')
    for (const other of others) t.match(other, of)
  }
  const [ofDefault = ''] = faultsOf(tableFile(`{ service: \${A_URL:-a} }`, route))
  t.match(ofDefault, /^routes\.yaml:1:23: upstream service must be/, 'the file itself is wrong')
})
