import { serviceLog } from '@gatehouse/http-service/service-log'
import t from 'tap'
import { buildEcho } from '../src/app.ts'

t.test('echo answers with the request as it arrived', async (t) => {
  const service = await buildEcho({ closeMs: 8000, log: serviceLog('echo', 'silent') })
  t.teardown(() => service.close())
  const bodies: [string | undefined, string, unknown][] = [
    ['{"a":[1]}', 'application/json', { a: [1] }],
    ['{"a":', 'application/json', '{"a":'],
    ['a=1', 'application/x-www-form-urlencoded', 'a=1'],
    [undefined, '', null]
  ]
  for (const [payload, type, body] of bodies) {
    const answer = await service.inject({
      method: 'POST',
      url: '/echo/a%20b?x=1',
      headers: { 'x-own': 'yes', ...(type === '' ? {} : { 'content-type': type }) },
      ...(payload === undefined ? {} : { payload })
    })
    t.match(answer.json(), { method: 'POST', path: '/echo/a%20b?x=1', headers: { 'x-own': 'yes' } })
    t.strictSame(answer.json().body, body, `${payload} as ${type}`)
  }
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
    t.equal((await service.inject({ method, url: '/' })).json().method, method)
  }
})
