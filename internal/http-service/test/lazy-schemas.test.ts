import t from 'tap'
import { buildService } from '../src/build-service.ts'
import { serviceLog } from '../src/service-log.ts'

/** A schema that cannot be compiled. */
const nonsense = { type: 'nonsense' }

t.test('a schema is compiled when a request needs it, and for its own route', async (t) => {
  const service = buildService({ log: serviceLog('lazy', 'silent') })
  t.teardown(() => service.close())
  service.post('/request', { schema: { body: nonsense } }, () => ({}))
  service.get('/answer', { schema: { response: { 200: nonsense } } }, () => ({}))
  service.post('/good', { schema: { body: { type: 'object' } } }, () => ({ good: true }))

  await service.ready()
  const faulty = { status: 500, code: 'INTERNAL' }
  t.match((await service.inject({ method: 'POST', url: '/request', payload: {} })).json(), faulty)
  t.match((await service.inject('/answer')).json(), faulty)
  for (const payload of [{}, { again: true }]) {
    const answer = await service.inject({ method: 'POST', url: '/good', payload })
    t.strictSame(answer.json(), { good: true })
  }
  const refused = await service.inject({
    method: 'POST',
    url: '/good',
    payload: '[]',
    headers: { 'content-type': 'application/json' }
  })
  t.match(refused.json(), { status: 400, detail: 'body must be object' })
})
