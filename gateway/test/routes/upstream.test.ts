import t from 'tap'
import { readRouteTable } from '../../src/routes/load-route-table.ts'
import { faultsOf, route, tableFile } from './fixtures/table-file.ts'

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
  for (const address of ['http://a:port', 'http://a b', 'http://[::1']) {
    t.strictSame(faultsOf(tableFile(`{ service: '${address}' }`, route)), [
      `routes.yaml:1:23: upstream service: ${address} is not an http or https address`
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
