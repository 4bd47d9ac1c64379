import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mock } from 'node:test'
import {
  ASSERTION_ALGORITHM,
  ASSERTION_ISSUER,
  ASSERTION_TYPE,
  GATEWAY_KEYS_PATH
} from '@gatehouse/edge-headers/assertion'
import { Refusal } from '@gatehouse/problem/refusal'
import Fastify from 'fastify'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { identity, requireIdentity, requireRole, requireScope } from '../src/fastify.ts'

type Changes = {
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  audience?: string
  issuer?: string
  lifetime?: number
  foreign?: boolean
}

/** A service with the plugin, and a gateway's keys on a real socket. */
async function service(t: Test, kid = 'one') {
  const [own, foreign] = [
    await generateKeyPair(ASSERTION_ALGORITHM),
    await generateKeyPair(ASSERTION_ALGORITHM)
  ]
  const published = { ...(await exportJWK(own.publicKey)), kid, alg: ASSERTION_ALGORITHM }
  const keySet = { keys: [published], complete: true }
  const server = createServer((_request, response) => response.end(JSON.stringify(keySet)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const stop = () => {
    server.closeAllConnections()
    server.close()
  }
  t.teardown(stop)

  const app = Fastify()
  app.setErrorHandler((error, _request, reply) => {
    const { status, code } = error instanceof Refusal ? error : { status: 500, code: 'INTERNAL' }
    return reply.code(status).send({ code })
  })
  const { port } = server.address() as AddressInfo
  await app.register(identity, {
    gatewayKeys: `http://127.0.0.1:${port}${GATEWAY_KEYS_PATH}`,
    audience: ['orders', 'orders-admin']
  })
  app.get('/open', { config: { identity: 'optional' } }, async (request) => ({
    identity: request.identity
  }))
  app.get('/plain', async () => ({}))
  app.get('/closed', async (request) => requireIdentity(request))
  app.get('/scoped', { onRequest: requireScope('pay') }, async () => ({}))
  app.get('/admins', { onRequest: requireRole('admin') }, async () => ({}))
  t.teardown(() => app.close())

  const assertion = async (changes: Changes = {}) => {
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      sid: 'session-1',
      client_id: 'gatehouse',
      scope: 'orders:read pay',
      roles: ['user'],
      email: 'ada@example.com',
      token_exp: now + 300,
      ...changes.claims
    }
    const header = { alg: ASSERTION_ALGORITHM, typ: ASSERTION_TYPE, kid, ...changes.header }
    return new SignJWT(claims)
      .setProtectedHeader(header)
      .setIssuer(changes.issuer ?? ASSERTION_ISSUER)
      .setAudience(changes.audience ?? 'orders')
      .setSubject('user-1')
      .setIssuedAt(now)
      .setExpirationTime(now + (changes.lifetime ?? 60))
      .sign((changes.foreign ? foreign : own).privateKey)
  }
  const get = (path: string, assertion?: string, headers: Record<string, string> = {}) =>
    app.inject({
      url: path,
      headers: { ...(assertion === undefined ? {} : { 'x-auth-assertion': assertion }), ...headers }
    })
  const publish = (another: string) => keySet.keys.push({ ...published, kid: another })
  const hearsOthers = (complete: boolean) => {
    keySet.complete = complete
  }
  return {
    assertion,
    get,
    stop,
    publish,
    hearsOthers,
    url: `http://127.0.0.1:${port}${GATEWAY_KEYS_PATH}`
  }
}

t.test('a service identifies the caller by the assertion', async (t) => {
  const { assertion, get } = await service(t)
  const answer = await get('/closed', await assertion())
  t.match(answer.json(), {
    subject: 'user-1',
    session: 'session-1',
    client: 'gatehouse',
    roles: ['user'],
    scope: ['orders:read', 'pay'],
    email: 'ada@example.com',
    expiresAt: Number,
    claims: {}
  })
  const claims = { tenant: 'acme', level: 7 }
  t.match((await get('/closed', await assertion({ claims: { claims } }))).json(), { claims })
  const other = await get('/closed', await assertion({ audience: 'orders-admin' }))
  t.equal(other.statusCode, 200, 'by any route that leads here')
})

t.test('without an assertion, a route is 401 unless it says otherwise', async (t) => {
  const { get } = await service(t)
  for (const path of ['/closed', '/plain', '/scoped', '/nowhere']) {
    t.equal((await get(path)).statusCode, 401, path)
  }
  t.strictSame((await get('/open')).json(), { identity: null })
  t.equal(
    (await get('/plain', await (await service(t)).assertion())).statusCode,
    401,
    'by another key'
  )
  const open = Fastify()
  await open.register(identity, {
    gatewayKeys: { keys: [] },
    audience: 'orders',
    dangerouslyLetAnyoneIn: true
  })
  open.get('/plain', async () => ({}))
  t.equal((await open.inject('/plain')).statusCode, 200)
  const forged = { 'x-auth-assertion': 'a.b.c' }
  t.equal((await open.inject({ url: '/plain', headers: forged })).statusCode, 401)
})

t.test('several gateways can be asked, and an unreachable one hides no other', async (t) => {
  const [first, second] = [await service(t, 'one'), await service(t, 'two')]
  const app = Fastify()
  app.setErrorHandler((error, _request, reply) =>
    reply.code(error instanceof Refusal ? error.status : 500).send()
  )
  await app.register(identity, { gatewayKeys: [first.url, second.url], audience: 'orders' })
  app.get('/', async (request) => request.identity)
  const status = async (assertion: string) =>
    (await app.inject({ url: '/', headers: { 'x-auth-assertion': assertion } })).statusCode
  t.equal(await status(await first.assertion()), 200)
  t.equal(await status(await second.assertion()), 200)
  t.equal(await status(await first.assertion({ header: { kid: 'three' } })), 401)
  first.stop()
  t.equal(await status(await second.assertion()), 200)
})

t.test('a gateway that started just after the keys were fetched is recognised', async (t) => {
  const { assertion, get, publish } = await service(t)
  const started = await assertion({ header: { kid: 'started' } })
  t.equal((await get('/closed', started)).statusCode, 401)
  publish('started')
  t.equal((await get('/closed', started)).statusCode, 200)
})

t.test('unsigned headers are ignored', async (t) => {
  const { assertion, get } = await service(t)
  const claims = { 'x-auth-subject': 'root', 'x-auth-client': 'x', 'x-auth-expires': '9999999999' }
  t.equal((await get('/closed', undefined, claims)).statusCode, 401)
  t.strictSame((await get('/open', undefined, claims)).json(), { identity: null })
  const signed = await get('/closed', await assertion(), claims)
  t.equal(signed.json().subject, 'user-1', 'nor beside an assertion')
})

t.test('an assertion with any fault is refused', async (t) => {
  const { assertion, get } = await service(t)
  const [, payload, signature] = (await assertion()).split('.')
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: ASSERTION_TYPE })).toString(
    'base64url'
  )
  const wrong: Record<string, string> = {
    'another key': await assertion({ foreign: true }),
    'another route': await assertion({ audience: 'echo' }),
    'another issuer': await assertion({ issuer: 'somebody' }),
    expired: await assertion({ lifetime: -6 }),
    'an access token': await assertion({ header: { typ: 'at+jwt' } }),
    'an unknown key': await assertion({ header: { kid: 'two' } }),
    'without a client': await assertion({ claims: { client_id: undefined } }),
    'no signature': `${none}.${payload}.`,
    'alg none, signed': `${none}.${payload}.${signature}`,
    garbage: 'garbage'
  }
  for (const [name, text] of Object.entries(wrong)) {
    for (const path of ['/closed', '/open']) {
      const answer = await get(path, text)
      t.equal(answer.statusCode, 401, `${name}: ${path}`)
      t.strictSame(answer.json(), { code: 'UNAUTHENTICATED' }, name)
    }
  }
})

t.test('unreachable keys are an outage, not a fault of the caller', async (t) => {
  const { assertion, get, stop } = await service(t)
  const good = await assertion()
  stop()
  const answer = await get('/closed', good)
  t.equal(answer.statusCode, 503)
  t.strictSame(answer.json(), { code: 'UNAVAILABLE' })
})

t.test('a key that a cut-off gateway does not know is an outage, not a forgery', async (t) => {
  const { assertion, get, hearsOthers } = await service(t)
  const ofAnother = await assertion({ header: { kid: 'another' } })
  hearsOthers(false)
  t.equal((await get('/closed', ofAnother)).statusCode, 503)
  t.equal((await get('/closed', await assertion())).statusCode, 200, 'its own key is known')
  t.equal((await get('/closed', await assertion({ foreign: true }))).statusCode, 401, 'a forgery')
  hearsOthers(true)
  t.equal((await get('/closed', ofAnother)).statusCode, 401, 'it hears the others again')
})

t.test('fetched keys are used for a day while their gateway is unreachable', async (t) => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() })
  t.teardown(() => mock.timers.reset())
  const { assertion, get, stop } = await service(t)
  t.equal((await get('/closed', await assertion())).statusCode, 200)
  stop()
  mock.timers.tick(23 * 3600 * 1000)
  t.equal((await get('/closed', await assertion())).statusCode, 200)
  const unknown = await assertion({ header: { kid: 'another' } })
  t.equal((await get('/closed', unknown)).statusCode, 503)
  mock.timers.tick(3600 * 1000 + 1)
  t.equal((await get('/closed', await assertion())).statusCode, 503)
})

t.test('a route can require a scope or a role', async (t) => {
  const { assertion, get } = await service(t)
  const admin = await assertion({ claims: { roles: ['admin'], scope: '' } })
  const user = await assertion()
  t.equal((await get('/scoped', user)).statusCode, 200)
  t.equal((await get('/scoped', admin)).statusCode, 403)
  t.equal((await get('/admins', admin)).statusCode, 200)
  t.equal((await get('/admins', user)).statusCode, 403)
  t.equal((await get('/admins')).statusCode, 401, 'nobody is not the same as too little')
})
