import t from 'tap'
import { edge } from './fixtures/edge.ts'

const SHOP = 'https://shop.example'
const preflight = (origin: string) => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'POST' }
})
const allowed = (answer: Response) => answer.headers.get('access-control-allow-origin')

t.test('the preflight of a listed origin is answered without authentication', async (t) => {
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

t.test('a page of a listed origin may read the response, including a refusal', async (t) => {
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
  t.equal(allowed(served), SHOP, 'CORS headers of the service do not count')
  t.equal(served.headers.get('vary'), 'accept, origin')
  const refused = await fetch(`${gateway.url}/closed`, { headers: { origin: SHOP } })
  t.equal(refused.status, 401)
  t.equal(allowed(refused), SHOP)
  t.match(refused.headers.get('access-control-expose-headers'), 'www-authenticate')
})

t.test('a page of another origin may not read the response', async (t) => {
  const gateway = await edge(t, { allowedOrigins: [SHOP] })
  for (const origin of [
    'https://evil.example',
    'http://shop.example',
    `${SHOP}:8443`,
    `${SHOP}.evil.example`,
    'https://xshop.example',
    `${SHOP}.`,
    `${SHOP}/`,
    'null',
    '*',
    ''
  ]) {
    const answer = await fetch(`${gateway.url}/closed`, preflight(origin))
    t.equal(answer.status, 403, origin)
    t.match(await answer.json(), { code: 'FORBIDDEN', detail: /ALLOWED_ORIGINS/ }, origin)
    t.equal(allowed(answer), null, origin)
    t.notOk(answer.headers.has('access-control-allow-credentials'), origin)
    t.equal(answer.headers.get('vary'), 'origin', 'no cache mixes the two up')
  }
})

t.test('an OPTIONS request that is not a preflight is an ordinary request', async (t) => {
  const gateway = await edge(t, { allowedOrigins: [SHOP] })
  await fetch(`${gateway.url}/open`, { method: 'OPTIONS', headers: { origin: SHOP } })
  t.match(gateway.upstream.received, [{ method: 'OPTIONS', target: '/open' }])
})

t.test('without listed origins, responses have no CORS headers', async (t) => {
  const gateway = await edge(t)
  const answer = await fetch(`${gateway.url}/open`, preflight(SHOP))
  t.notMatch([...answer.headers.keys()].join(), /access-control|vary/)
})

const listed = (answer: Response, name: string) =>
  (answer.headers.get(`access-control-${name}`) ?? '').split(', ')
const ROUTES = `
  - name: own
    prefix: /own
    upstream: service
    methods: { GET: {}, PUT: {} }
    cors: { requestHeaders: [x-api-key, '*'], exposedHeaders: [x-total], credentials: false, maxAgeSeconds: 7200 }
  - { name: spelt, prefix: /spelt, upstream: service, cors: { allowHeaders: [x-api-key], exposeHeaders: [x-total], maxAge: 30 } }
  - { name: passes, prefix: /passes, upstream: service, preflights: service, methods: { GET: { scopes: [never] } } }
`

t.test(
  'a page may send and read what modern pages do, and an operator says what else',
  async (t) => {
    const gateway = await edge(t, {
      routes: ROUTES,
      allowedOrigins: [SHOP],
      cors: { maxAgeSeconds: 60, exposedHeaders: ['x-cost', 'etag'] }
    })
    const usual = await fetch(`${gateway.url}/closed`, preflight(SHOP))
    const sent = ['authorization', 'idempotency-key', 'if-match', 'traceparent', 'x-requested-with']
    for (const name of sent) t.ok(listed(usual, 'allow-headers').includes(name), name)
    t.strictSame(listed(usual, 'max-age'), ['60'])

    const { headers, ...rest } = preflight(SHOP)
    const asked = { ...headers, 'access-control-request-headers': 'x-api-key, x-odd' }
    const own = await fetch(`${gateway.url}/own/a`, { ...rest, headers: asked })
    t.strictSame(listed(own, 'allow-headers'), ['x-api-key', 'x-odd'])
    t.strictSame(listed(own, 'allow-methods'), ['GET', 'PUT', 'HEAD'], 'the methods of the route')
    t.strictSame(listed(own, 'max-age'), ['7200'])
    t.notOk(own.headers.has('access-control-allow-credentials'))

    const spelt = await fetch(`${gateway.url}/spelt`, { ...rest, headers: asked })
    t.strictSame(
      listed(spelt, 'allow-headers'),
      ['x-api-key'],
      'also in the words of the Fetch API'
    )
    t.strictSame(listed(spelt, 'max-age'), ['30'])

    const read = async (path: string, exposes: string) => {
      gateway.upstream.answer = (_request, response) =>
        response
          .setHeader('access-control-expose-headers', exposes)
          .setHeader('access-control-allow-credentials', 'true')
          .setHeader('x-deep', '1')
          .end()
      return gateway.call(path, { headers: { origin: SHOP } })
    }
    const names = listed(await read('/closed', 'X-Total, ETag'), 'expose-headers')
    t.strictSame(names, ['x-cost', 'etag', 'x-total'], 'to which the service adds its own')
    const all = listed(await read('/closed', '*'), 'expose-headers')
    t.ok(all.includes('x-deep') && !all.includes('*'), 'a star means nothing with credentials')
    t.strictSame(listed(await read('/spelt', ''), 'expose-headers'), ['x-total'])
    const bare = await read('/own', 'x-deep')
    t.strictSame(listed(bare, 'expose-headers'), ['x-total', 'x-deep'])
    t.notOk(bare.headers.has('access-control-allow-credentials'), 'whatever the service says')
  }
)

t.test('a service answers preflights if its route says so, and gets no identity', async (t) => {
  const gateway = await edge(t, { routes: ROUTES, allowedOrigins: [SHOP] })
  const partner = 'https://partner.example'
  gateway.upstream.answer = (_request, response) =>
    response.setHeader('access-control-allow-origin', partner).writeHead(204).end()
  for (const origin of [partner, SHOP]) {
    const answer = await fetch(`${gateway.url}/passes/a`, preflight(origin))
    t.equal(answer.status, 204)
    t.equal(allowed(answer), partner, 'the header of the service is kept')
  }
  const [first] = gateway.upstream.received
  t.match(first, { method: 'OPTIONS', target: '/passes/a' })
  t.notOk(Object.keys(first?.headers ?? {}).some((name) => name.startsWith('x-auth-')))

  const statusOf = async (init: RequestInit) =>
    (await fetch(`${gateway.url}/passes/a`, init)).status
  const { headers } = preflight(partner)
  t.equal(await statusOf({ method: 'OPTIONS', headers: { origin: partner } }), 401, 'no preflight')
  t.equal(await statusOf({ method: 'GET', headers }), 401, 'nor one by its headers alone')
  const forged = { ...headers, authorization: 'Bearer x.y.z' }
  t.equal(await statusOf({ method: 'OPTIONS', headers: forged }), 401, 'a token is judged')
  t.equal((await gateway.call('/passes/a')).status, 403, 'and so are the demands of the route')
  t.equal(
    (await fetch(`${gateway.url}/closed`, preflight(partner))).status,
    403,
    'on no other route'
  )
  t.equal(gateway.upstream.received.length, 2)
})

t.test(
  'a route can have origins of its own, which replace those of the installation',
  async (t) => {
    const PARTNER = 'https://partner.example'
    const routes = `
  - { name: partner, prefix: /partner, upstream: service, cors: { origins: [${PARTNER}, 'https://*.lab.example'] } }
  - { name: nobody, prefix: /nobody, upstream: service, access: public, cors: { origins: [] } }
`
    for (const allowedOrigins of [[], [SHOP]]) {
      const gateway = await edge(t, { routes, allowedOrigins })
      const asked = async (path: string, origin: string) => {
        const answer = await fetch(`${gateway.url}${path}`, preflight(origin))
        return [answer.status, allowed(answer), answer.headers.get('vary')]
      }
      t.strictSame(await asked('/partner', PARTNER), [204, PARTNER, 'origin'])
      t.strictSame(await asked('/partner', 'https://a.lab.example'), [
        204,
        'https://a.lab.example',
        'origin'
      ])
      t.strictSame(
        await asked('/partner', SHOP),
        [403, null, 'origin'],
        'in place of ALLOWED_ORIGINS'
      )
      t.strictSame(await asked('/nobody', SHOP), [403, null, 'origin'], 'an empty list allows none')
      t.equal((await asked('/closed', PARTNER))[0], 403, 'and no other route takes it')
      const read = async (path: string, origin?: string) => {
        const answer = await gateway.call(path, { headers: origin === undefined ? {} : { origin } })
        return [answer.status, allowed(answer), answer.headers.get('vary')]
      }
      t.strictSame(await read('/partner', PARTNER), [200, PARTNER, 'origin'])
      t.strictSame(await read('/partner', SHOP), [200, null, 'origin'])
      t.strictSame(await read('/partner'), [200, null, 'origin'], 'no cache mixes them up')
      const refused = await fetch(`${gateway.url}/partner`, { headers: { origin: PARTNER } })
      t.strictSame([refused.status, allowed(refused)], [401, PARTNER], 'refusals too')
    }
  }
)
