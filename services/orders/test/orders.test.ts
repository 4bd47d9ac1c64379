import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { serviceLog } from '@gatehouse/http-service/service-log'
import { testIdentities } from '@gatehouse/identity/testing'
import t, { type Test } from 'tap'
import { buildOrders } from '../src/app.ts'
import { openOrderBook } from '../src/order-book.ts'

type Caller = { subject?: string; scope?: string; roles?: string[] }

const book = { item: 'book', quantity: 2 }

/** The service with its file, and callers as a gateway describes them. */
async function orders(t: Test, file = join(dataFolder(t), 'orders.sqlite')) {
  const { options, headersFor } = await testIdentities('orders')
  const opened = openOrderBook(file)
  t.equal(statSync(file).mode & 0o777, 0o600, 'only its user can read it')
  const service = await buildOrders({
    closeMs: 8000,
    log: serviceLog('orders', 'silent'),
    identity: options,
    orders: opened
  })
  t.teardown(async () => {
    await service.close()
    opened.close()
  })
  const as = async ({
    subject = 'ada',
    scope = 'orders:read orders:write',
    roles = ['user']
  }: Caller = {}) => {
    const headers = await headersFor({ subject, scope: scope.split(' '), roles })
    return {
      get: (url: string) => service.inject({ url, headers }),
      post: (payload: object) =>
        service.inject({ method: 'POST', url: '/orders', headers, payload })
    }
  }
  return { as, service }
}

t.test('each user sees only their own orders; an admin sees all', async (t) => {
  const { as } = await orders(t)
  const [ada, grace] = [await as({ subject: 'ada' }), await as({ subject: 'grace' })]
  const admin = await as({ subject: 'root', roles: ['admin'] })

  const placed = await ada.post(book)

  t.equal(placed.statusCode, 201)
  const { order } = placed.json()
  t.match(order, { ...book, owner: 'ada', createdAt: /^\d{4}-.*Z$/ })
  t.equal(placed.headers.location, `/orders/${order.id}`)
  t.strictSame((await ada.get('/orders')).json(), { orders: [order] })
  t.strictSame((await ada.get(`/orders/${order.id}`)).json(), { order })
  t.strictSame((await grace.get('/orders')).json(), { orders: [] })
  t.equal((await grace.get(`/orders/${order.id}`)).statusCode, 404, "another's is not there")
  t.strictSame((await admin.get('/orders')).json(), { orders: [order] })
  t.equal((await admin.get(`/orders/${order.id}`)).statusCode, 200)
  t.equal((await ada.get(`/orders/${randomUUID()}`)).statusCode, 404)
})

t.test('reading and writing each need their scope', async (t) => {
  const { as, service } = await orders(t)
  const reader = await as({ scope: 'orders:read' })
  const writer = await as({ scope: 'orders:write' })
  t.equal((await reader.get('/orders')).statusCode, 200)
  t.equal((await reader.post(book)).statusCode, 403)
  t.equal((await writer.post(book)).statusCode, 201)
  t.equal((await writer.get('/orders')).statusCode, 403)
  const spoofed = {
    'x-auth-subject': 'ada',
    'x-auth-scope': 'orders:read',
    'x-auth-roles': 'admin'
  }
  const answer = await service.inject({ url: '/orders', headers: spoofed })
  t.equal(answer.statusCode, 401, 'headers without an assertion identify no caller')
})

t.test('an invalid order is refused in the documented form', async (t) => {
  const { as } = await orders(t)
  const { post } = await as()
  const wrong: Record<string, object> = {
    empty: {},
    'no item': { quantity: 1 },
    'no quantity': { item: 'book' },
    'an empty item': { item: '', quantity: 1 },
    'a long item': { item: 'x'.repeat(201), quantity: 1 },
    'an item that is not text': { item: 1, quantity: 1 },
    'a quantity of text': { item: 'book', quantity: '1' },
    'half a book': { item: 'book', quantity: 0.5 },
    'no books': { item: 'book', quantity: 0 },
    'too many': { item: 'book', quantity: 1001 },
    "somebody else's": { ...book, owner: 'grace' }
  }
  for (const [name, order] of Object.entries(wrong)) {
    const answer = await post(order)
    t.equal(answer.statusCode, 400, name)
    t.match(answer.json(), { code: 'INVALID_REQUEST', detail: /^body/ }, name)
  }
})

t.test('orders survive a restart', async (t) => {
  const file = join(dataFolder(t), 'orders.sqlite')
  const before = await (await orders(t, file)).as()
  const { order } = (await before.post(book)).json()
  const after = await (await orders(t, file)).as()
  t.strictSame((await after.get('/orders')).json(), { orders: [order] })
})

t.test('the example page allows no script and no request but its own', async (t) => {
  const { service } = await orders(t)
  const page = await service.inject('/demo/')
  t.match(page.headers['content-security-policy'], /default-src 'none'; script-src 'self';/)
  t.notMatch(page.body, /<script>|<style>|style=|onclick=/, 'nothing is inline')
  const addresses = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, one = '']) => one)
  const modules = [
    '/demo/client/client.ts',
    '/demo/client/session/session.ts',
    '/demo/elements.js',
    ...addresses
  ]
  for (const url of modules) {
    const { statusCode, headers } = await service.inject(url)
    t.match({ statusCode, headers }, { statusCode: 200, headers: { 'cache-control': 'no-cache' } })
  }
  const module = await service.inject('/demo/client/sleep.ts')
  t.match(module.headers['content-type'], /^text\/javascript/)
  t.notMatch(module.body, /: Promise<void>|import type/, 'its types are gone')
})

t.test('the example page serves its own files and the modules of the client only', async (t) => {
  const { service } = await orders(t)
  for (const url of [
    '/demo/app.ts',
    '/demo/package.json',
    '/demo/..%2fsrc%2fapp.ts',
    '/demo/client/none.ts',
    '/demo/client/..%2ftest%2fsize.ts',
    '/demo/client/session/..%2f..%2fsize.ts',
    '/demo/client/package.json',
    '/demo/client/..%2fpackage.json'
  ]) {
    const { statusCode } = await service.inject(url)
    t.ok(statusCode === 404 || statusCode === 400, url)
  }
})
