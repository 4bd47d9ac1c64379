import t from 'tap'
import { edge } from './fixtures/edge.ts'

const SHOP = 'https://shop.example'
const preflight = (origin: string) => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'POST' }
})
const allowed = (answer: Response) => answer.headers.get('access-control-allow-origin')

t.test('a page of a listed origin may ask, before anybody is asked who they are', async (t) => {
  const gateway = await edge(t, { allowedOrigins: [SHOP, 'http://localhost:5173'] })
  const answer = await fetch(`${gateway.url}/closed`, preflight(SHOP))
  t.equal(answer.status, 204)
  t.equal(allowed(answer), SHOP)
  t.match(Object.fromEntries(answer.headers), {
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': /\bDELETE\b/,
    'access-control-allow-headers': /\bauthorization\b/,
    'access-control-max-age': '600',
    vary: 'origin'
  })
  t.strictSame(gateway.upstream.received, [], 'and no service is troubled')
})

t.test('it may read the answer, a refusal as well', async (t) => {
  const gateway = await edge(t, { allowedOrigins: [SHOP] })
  gateway.upstream.answer = (_request, response) =>
    response
      .setHeader('access-control-allow-origin', 'https://evil.example')
      .setHeader('vary', 'accept')
      .end()
  const served = await gateway.call('/closed', {
    headers: { authorization: `Bearer ${gateway.token()}`, origin: SHOP }
  })
  t.equal(served.status, 200)
  t.equal(allowed(served), SHOP, 'what the service says of origins does not count')
  t.equal(served.headers.get('vary'), 'accept, origin')
  const refused = await fetch(`${gateway.url}/closed`, { headers: { origin: SHOP } })
  t.equal(refused.status, 401)
  t.equal(allowed(refused), SHOP)
  t.match(refused.headers.get('access-control-expose-headers'), 'www-authenticate')
})

t.test('a page of any other origin may not', async (t) => {
  const gateway = await edge(t, { allowedOrigins: [SHOP] })
  for (const origin of [
    ...['https://evil.example', 'http://shop.example', `${SHOP}:8443`, `${SHOP}.evil.example`],
    ...['https://xshop.example', `${SHOP}.`, `${SHOP}/`, 'null', '*', '']
  ]) {
    const answer = await fetch(`${gateway.url}/closed`, preflight(origin))
    t.equal(answer.status, 401, `${origin}: a request like any other`)
    t.equal(allowed(answer), null, origin)
    t.notOk(answer.headers.has('access-control-allow-credentials'), origin)
    t.equal(answer.headers.get('vary'), 'origin', 'no cache mixes the two up')
  }
})

t.test('OPTIONS that is no preflight goes its way', async (t) => {
  const gateway = await edge(t, { allowedOrigins: [SHOP] })
  await fetch(`${gateway.url}/open`, { method: 'OPTIONS', headers: { origin: SHOP } })
  t.match(gateway.upstream.received, [{ method: 'OPTIONS', target: '/open' }])
})

t.test('where no origin is listed nothing is said of origins', async (t) => {
  const gateway = await edge(t)
  const answer = await fetch(`${gateway.url}/open`, preflight(SHOP))
  t.notMatch([...answer.headers.keys()].join(), /access-control|vary/)
})
