import t from 'tap'
import { readRouteTable } from '../../src/routes/table/load-route-table.ts'

const read = (routes: string) =>
  readRouteTable(
    `
upstreams: { shop: 'http://shop', shop-write: 'http://shop-2', billing: 'http://billing' }
routes:
${routes}
`,
    {}
  )

t.test('the audience of a route is its name, unless the route sets another one', async (t) => {
  const { routes } = read(`
  - { name: orders, prefix: /orders, upstream: shop, audience: shop }
  - { name: carts, prefix: /carts, upstream: shop, audience: shop }
  - { name: billing, prefix: /billing, upstream: billing }`)
  t.strictSame(
    routes.map(({ name, audience }) => [name, audience]),
    [
      ['orders', 'shop'],
      ['carts', 'shop'],
      ['billing', 'billing']
    ]
  )
})

t.test('routes to one service share an audience, even if one has it as its name', async (t) => {
  const { routes } = read(`
  - { name: shop, prefix: /shop, upstream: shop }
  - { name: carts, prefix: /carts, upstream: shop, audience: shop }
  - { name: billing, prefix: /billing, upstream: billing, audience: billing }`)
  t.strictSame(
    routes.map(({ audience }) => audience),
    ['shop', 'shop', 'billing']
  )
})

t.test('a route cannot take the name of a route to another service as its audience', async (t) => {
  const taken = () =>
    read(`
  - { name: shop, prefix: /shop, upstream: shop }
  - { name: billing, prefix: /billing, upstream: billing, audience: shop }`)
  t.throws(taken, {
    message:
      /:\d+:\d+: route billing: audience shop is the name of a route to another upstream, shop: if both lead to one service, set audience in both$/
  })
  const both = read(`
  - { name: shop, prefix: /shop, upstream: shop, audience: shop }
  - { name: write, prefix: /write, upstream: shop-write, audience: shop }`)
  t.equal(both.routes.length, 2, 'unless the operator says so in both')
})
