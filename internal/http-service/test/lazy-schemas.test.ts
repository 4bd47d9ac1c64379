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

t.test('services with the same schema share its validator, and not its errors', async (t) => {
  const limited = () => ({ type: 'object', properties: { count: { type: 'integer', maximum: 5 } } })
  const services = [0, 1].map((number) => {
    const service = buildService({ log: serviceLog('lazy', 'silent') })
    t.teardown(() => service.close())
    const answer = { type: 'object', properties: { number: { type: 'integer' } } }
    const schema = { body: limited(), response: { 200: answer } }
    service.post('/', { schema }, () => ({ number, more: 'not in the schema' }))
    return service
  })
  for (const count of [6, 5]) {
    const answers = services.map((service) =>
      service.inject({ method: 'POST', url: '/', payload: { count } })
    )
    const bodies = (await Promise.all(answers)).map(({ body }) => JSON.parse(body))
    if (count === 5) t.strictSame(bodies, [{ number: 0 }, { number: 1 }])
    else for (const body of bodies) t.match(body, { detail: 'body/count must be <= 5' })
  }
})
