import { Registry } from 'prom-client'
import t from 'tap'
import { edge } from '../fixtures/edge.ts'

const ROUTES = `
  - { name: refresh, prefix: /refresh, upstream: service, access: public, credentials: [own-cookies] }
`

t.test('each signature is counted once, as an assertion or as a proof', async (t) => {
  const metrics = new Registry()
  const { call, token } = await edge(t, { metrics, routes: ROUTES })
  const headers = { authorization: `Bearer ${token()}` }
  const signed = async () => {
    const text = await metrics.getSingleMetricAsString('gateway_assertions_signed_total')
    const of = (kind: string) => Number(text.match(new RegExp(`kind="${kind}"} (\\d+)`))?.[1])
    return { assertion: of('assertion'), proof: of('proof') }
  }
  t.strictSame(await signed(), { assertion: 0, proof: 0 }, 'a rate needs the zero')
  for (const path of ['/closed/a', '/closed/b']) await (await call(path, { headers })).text()
  t.strictSame(await signed(), { assertion: 1, proof: 0 }, 'it is used again')
  await (await call('/refresh', { method: 'POST', headers: { authorization: '' } })).text()
  t.strictSame(await signed(), { assertion: 1, proof: 1 })
})
