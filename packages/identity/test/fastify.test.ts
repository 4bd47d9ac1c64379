import { ASSERTION_TYPE } from '@gatehouse/edge-headers/assertion'
import Fastify from 'fastify'
import t from 'tap'
import { identity } from '../src/fastify.ts'
import { service } from './fixtures/fastify-service.ts'

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

t.test('without an assertion, a route responds with 401 unless it says otherwise', async (t) => {
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

t.test('a route can require a scope or a role', async (t) => {
  const { assertion, get } = await service(t)
  const admin = await assertion({ claims: { roles: ['admin'], scope: '' } })
  const user = await assertion()
  t.equal((await get('/scoped', user)).statusCode, 200)
  t.equal((await get('/scoped', admin)).statusCode, 403)
  t.equal((await get('/admins', admin)).statusCode, 200)
  t.equal((await get('/admins', user)).statusCode, 403)
  t.equal((await get('/admins')).statusCode, 401, 'a request without a caller gets 401, not 403')
})
