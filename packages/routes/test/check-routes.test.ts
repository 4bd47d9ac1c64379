import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t from 'tap'
import { checkRoutes, routeFileSchema } from '../src/check-routes.ts'
import { runCommand } from '../src/command-line.ts'

const good = `
upstreams:
  shop: \${SHOP_URL:-http://shop:3000}
  billing: { addresses: [https://billing], tls: { caFile: /run/tls/ca.pem } }
routes:
  - { name: orders, prefix: /orders, upstream: shop, audience: shop }
  - { name: bills, prefix: [/bills, /invoices], upstream: billing, access: optional }
`
const bad = `
upstreams: { shop: 'http://shop' }
routes:
  - { name: orders, prefix: /orders, upstream: shop, acess: public }
`

t.test('checkRoutes lists the routes of a table without faults', async (t) => {
  t.strictSame(checkRoutes(good), {
    faults: [],
    routes: [
      {
        name: 'orders',
        audience: 'shop',
        prefixes: ['/orders'],
        access: 'signed-in',
        upstream: 'shop'
      },
      {
        name: 'bills',
        audience: 'bills',
        prefixes: ['/bills', '/invoices'],
        access: 'optional',
        upstream: 'billing'
      }
    ]
  })
})

t.test('checkRoutes reports what a gateway would refuse, with its place', async (t) => {
  const { faults, routes } = checkRoutes(bad, { file: 'a.yaml' })
  t.match(faults, [/^a\.yaml:4:\d+: route orders: acess is not known \(nearest: access\)$/])
  t.strictSame(routes, [])
  const unset = checkRoutes(good.replace(':-http://shop:3000', ''))
  t.match(unset.faults, [/the variable SHOP_URL is not set/])
  const variables = { SHOP_URL: 'http://shop' }
  t.strictSame(checkRoutes(good.replace(':-http://shop:3000', ''), { variables }).faults, [])
  t.match(checkRoutes(good, { certificates: true }).faults, [/tls\.caFile: cannot read/])
  const insecure = good.replace('audience', 'cors: { origins: ["http://a.example"] }, audience')
  t.match(checkRoutes(insecure).faults, [/cors\.origins/], 'as in production')
  t.strictSame(checkRoutes(insecure, { production: false }).faults, [])
})

t.test('gatehouse-routes check has an exit code for CI', async (t) => {
  const folder = dataFolder(t)
  const file = (text: string) => {
    const name = join(folder, `${text.length}.yaml`)
    writeFileSync(name, text)
    return name
  }
  t.strictSame(await runCommand(['check', file(good)], {}), {
    code: 0,
    text: '2 routes, no fault\n'
  })
  t.match(await runCommand(['check', file(bad)], {}), { code: 1, text: /acess is not known/ })
  const json = await runCommand(['check', file(bad), '--json'], {})
  t.match(JSON.parse(json.text), { faults: [/acess/], routes: [] })
  t.match(await runCommand(['check', join(folder, 'none.yaml')], {}), { code: 2, text: /ENOENT/ })
  t.strictSame(await runCommand(['schema'], {}), { code: 0, text: routeFileSchema() })
})

t.test('gatehouse-routes explains itself instead of guessing', async (t) => {
  for (const words of [[], ['chek', 'a'], ['check'], ['check', 'a', 'b'], ['schema', 'a']]) {
    t.match(await runCommand(words, {}), { code: 2, text: /^Usage:/ }, words.join(' '))
  }
  for (const words of [['--help'], ['-h'], ['check', '--help']]) {
    t.match(await runCommand(words, {}), { code: 0, text: /^Usage:/ }, words.join(' '))
  }
  t.match(await runCommand(['check', 'a', '--strict'], {}), { code: 2, text: /--strict/ })
  const conformance = (...words: string[]) => runCommand(['conformance', ...words], {})
  t.match(await conformance(), { code: 2, text: /--gateway/ })
  t.match(await conformance('--gateway', 'localhost'), { code: 2, text: /--gateway/ })
  const noRoute = await conformance('--gateway', 'http://localhost', '--echo-route', 'echo')
  t.match(noRoute, { code: 2, text: /--echo-route/ })
})
