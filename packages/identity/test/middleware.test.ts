import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Hono } from 'hono'
import t, { type Test } from 'tap'
import * as forExpress from '../src/express.ts'
import * as forHono from '../src/hono.ts'
import { testIdentities } from '../src/testing.ts'

const { options, headersFor } = await testIdentities('orders')
const stranger = await (await testIdentities('orders')).headersFor()
const elsewhere = await testIdentities('billing')
/** an address where nothing listens */
const unreachable = { ...options, gatewayKeys: 'http://127.0.0.1:1/keys' }

type Ask = (path: string, headers?: Record<string, string>) => Promise<Response>

async function listening(t: Test, listener: Parameters<typeof createServer>[1]): Promise<Ask> {
  const server = createServer(listener)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return (path, headers = {}) => fetch(`http://127.0.0.1:${port}${path}`, { headers })
}

/** The same service in each framework. */
const services: Record<string, (t: Test) => Promise<Ask>> = {
  Express(t) {
    const { identity, requireIdentity, requireRole, requireScope } = forExpress
    const service = express()
    service.get('/open', identity({ ...options, optional: true }), (request, response) => {
      response.json({ identity: request.identity })
    })
    service.get('/outage', identity(unreachable), (_request, response) => {
      response.json({})
    })
    service.use(identity(options))
    service.get('/closed', (request, response) => {
      response.json(requireIdentity(request))
    })
    service.get('/scoped', requireScope('pay'), (_request, response) => {
      response.json({})
    })
    service.get('/admins', requireRole('admin'), (_request, response) => {
      response.json({})
    })
    return listening(t, service)
  },
  async Hono() {
    const { identity, requireIdentity, requireRole, requireScope } = forHono
    const service = new Hono<forHono.IdentityEnv>()
    service.get('/open', identity({ ...options, optional: true }), (context) =>
      context.json({ identity: context.get('identity') })
    )
    service.get('/outage', identity(unreachable), (context) => context.json({}))
    service.use(identity(options))
    service.get('/closed', (context) => context.json(requireIdentity(context)))
    service.get('/scoped', requireScope('pay'), (context) => context.json({}))
    service.get('/admins', requireRole('admin'), (context) => context.json({}))
    return async (path, headers = {}) => service.request(path, { headers })
  },
  // Connect, and Node.js alone, give middleware neither `response.json` nor `request.path`.
  'Node.js'(t) {
    const { identity, requireIdentity, requireRole, requireScope } = forExpress
    const ends = (body: unknown) => JSON.stringify(body)
    return listening(t, async (request: forExpress.IdentifiedRequest, response) => {
      const middleware: Record<string, forExpress.Middleware[]> = {
        '/open': [identity({ ...options, optional: true })],
        '/outage': [identity(unreachable)],
        '/scoped': [identity(options), requireScope('pay')],
        '/admins': [identity(options), requireRole('admin')]
      }
      for (const one of middleware[request.url ?? ''] ?? [identity(options)]) {
        let goesOn = false
        await one(request, response, () => {
          goesOn = true
        })
        if (!goesOn) return
      }
      const isOpen = request.url === '/open'
      response.end(isOpen ? ends({ identity: request.identity }) : ends(requireIdentity(request)))
    })
  }
}

for (const [framework, open] of Object.entries(services)) {
  t.test(`${framework}: a service identifies the caller by the assertion`, async (t) => {
    const ask = await open(t)
    const headers = await headersFor({ subject: 'ada', scope: ['pay'], claims: { tenant: 'acme' } })
    const answer = await ask('/closed', headers)
    t.equal(answer.status, 200)
    t.match(await answer.json(), { subject: 'ada', claims: { tenant: 'acme' } })
    t.match(await (await ask('/open', headers)).json(), { identity: { subject: 'ada' } })
    t.equal((await ask('/scoped', headers)).status, 200)
    t.equal((await ask('/admins', headers)).status, 403)
    const admin = await headersFor({ roles: ['admin'] })
    t.equal((await ask('/admins', admin)).status, 200)
    const missing = await ask('/scoped', admin)
    t.equal(missing.status, 403)
    t.match(missing.headers.get('www-authenticate'), /error="insufficient_scope", scope="pay"/)
  })

  t.test(`${framework}: a request that no gateway signed is refused`, async (t) => {
    const ask = await open(t)
    const wrong: Record<string, Record<string, string>> = {
      'no assertion': {},
      'headers without a signature': { 'x-auth-subject': 'root', 'x-auth-roles': 'admin' },
      'signed with another key': stranger,
      'for another service': await elsewhere.headersFor(),
      garbage: { 'x-auth-assertion': 'a.b.c' },
      empty: { 'x-auth-assertion': '' }
    }
    for (const [title, headers] of Object.entries(wrong)) {
      for (const path of ['/closed', '/scoped', '/admins']) {
        const answer = await ask(path, headers)
        t.equal(answer.status, 401, `${title}: ${path}`)
        t.match(answer.headers.get('content-type'), 'application/problem+json')
        t.match(await answer.json(), { code: 'UNAUTHENTICATED', status: 401 })
      }
      const isAnonymous = (headers['x-auth-assertion'] ?? '') === ''
      const open = await ask('/open', headers)
      t.equal(open.status, isAnonymous ? 200 : 401, `${title}: optional`)
      if (isAnonymous) t.strictSame(await open.json(), { identity: null }, title)
    }
  })

  t.test(`${framework}: while the keys cannot be fetched, requests get 503`, async (t) => {
    const ask = await open(t)
    const answer = await ask('/outage', await headersFor())
    t.equal(answer.status, 503)
    t.equal(answer.headers.get('retry-after'), '1')
    t.match(await answer.json(), { code: 'UNAVAILABLE' })
    t.equal((await ask('/outage')).status, 401, 'without an assertion, no key is needed')
  })
}

t.test('an adapter with an empty audience does not start', async (t) => {
  t.throws(() => forExpress.identity({ ...options, audience: '' }), TypeError)
  t.throws(() => forHono.identity({ ...options, audience: [] }), TypeError)
})
