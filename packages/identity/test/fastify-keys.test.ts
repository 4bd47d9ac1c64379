import { mock } from 'node:test'
import { Refusal } from '@gatehouse/problem/refusal'
import Fastify from 'fastify'
import t from 'tap'
import { identity } from '../src/fastify.ts'
import { service } from './fixtures/fastify-service.ts'

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
