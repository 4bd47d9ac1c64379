import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { operator } from '@gatehouse/fixtures/operator'
import t, { type Test } from 'tap'

// These commands only read files, so they need no running system.

const ops = operator(dataFolder(t))

/** A file of the test with this content. */
function fileOf(t: Test, name: string, content: string): string {
  const file = join(dataFolder(t), name)
  writeFileSync(file, content)
  return file
}

/** The command line of an installation with this route table. */
const withRoutes = (t: Test, table: string) =>
  operator(dataFolder(t), { GATEWAY_ROUTES: fileOf(t, 'routes.yaml', table) })

t.test('routes check lists the routes, or every fault of the file', async (t) => {
  t.match(await ops(['routes', 'check']), { code: 0, stdout: /auth-login .*public/ })
  t.match(await ops(['routes', 'check', '--json']), { code: 0, json: { routes: Array } })
  const table = `upstreams: { a: 'http://a' }
routes:
  - { name: all, prefix: /, upstream: a, access: public }
  - { name: one, prefix: /x, upstream: b, scopes: [read] }
  - { name: one, prefix: /x, upstream: a }
`
  const checked = await ops(['routes', 'check', fileOf(t, 'routes.yaml', table)])
  t.equal(checked.code, 1)
  for (const fault of [
    'would open every path',
    'upstream b is not known; allowed: a',
    'used twice',
    'already a prefix'
  ]) {
    t.match(checked.stderr, fault)
  }
  t.match(await ops(['routes', 'check', 'nowhere.yaml']), { code: 1, stderr: /nowhere\.yaml/ })
})

t.test('routes check warns of rules that the pages for users do not obey', async (t) => {
  const table = readFileSync('gateway/routes.yaml', 'utf8').replaceAll('900', '60')
  const ofTable = withRoutes(t, table)
  const warning = /no error\nGATEWAY_ROUTES: route auth-email requires a login of at most 60 s/
  t.match(await ofTable(['routes', 'check']), { code: 0, stdout: warning })
  const agreed = operator(dataFolder(t), {
    GATEWAY_ROUTES: fileOf(t, 'agreed.yaml', table),
    AUTH_PAGES_RECENT_SECONDS: '60'
  })
  t.match(await agreed(['routes', 'check', '--json']), { code: 0, json: { warnings: [] } })
})

t.test('routes explain names the route of a request and where the request goes', async (t) => {
  const explained = await ops(['routes', 'explain', 'POST', '/auth/login?x=1', '--json'])
  t.match(explained.json, {
    route: 'auth-login',
    why: /^\/auth\/login is the longest prefix/,
    needs: /public/,
    goes: ['POST http://127.0.0.1:3001/login?x=1']
  })
  const moved = operator(dataFolder(t), { AUTH_PORT: '4001', ORDERS_URL: 'http://orders' })
  t.match((await moved(['routes', 'explain', 'POST', '/auth/login', '--json'])).json, {
    goes: ['POST http://127.0.0.1:4001/login']
  })
  t.match((await moved(['routes', 'explain', 'GET', '/orders', '--json'])).json, {
    goes: ['GET http://orders/orders']
  })
  t.match(await ops(['routes', 'explain', 'GET', '/orders/7']), {
    code: 0,
    stdout: /an access token/
  })
})

t.test('routes explain refuses a request that the gateway would refuse', async (t) => {
  t.match(await ops(['routes', 'explain', 'GET', '/ordersX']), { code: 1, stderr: /404/ })
  t.match(await ops(['routes', 'explain', 'GET', '/orders/../x']), { code: 1, stderr: /400/ })
  t.match(await ops(['routes', 'explain', 'GET', '/echo/public%20x']), {
    code: 1,
    stderr: /400: .* could be read as a path of the route echo/
  })
  t.match(await ops(['routes', 'explain', 'get', '/orders']), { code: 2, stderr: /GET/ })
})

t.test('routes explain names the claims of a token that the service gets', async (t) => {
  const claims = withRoutes(
    t,
    `upstreams: { a: 'http://a' }
routes: [{ name: one, prefix: /x, upstream: a, methods: { GET: {} }, tokenClaims: { tenant: [org, 'tenant.id'] } }]
`
  )
  t.match(await claims(['routes', 'explain', 'GET', '/x']), {
    stdout:
      /signs for the audience one: .*\n.*x-auth-claim-tenant: the claim org ▸ tenant\.id of the access token/
  })
  t.match(await claims(['routes', 'explain', 'POST', '/x']), {
    code: 1,
    stderr: /405: .* accepts GET/
  })
})

t.test('routes explain shows what each method of a route needs and forwards', async (t) => {
  const ops = withRoutes(
    t,
    `upstreams: { a: 'http://a:1/base' }
routes:
  - name: words
    prefix: /w
    upstream: a
    stripPrefix: /w
    access: public
    credentials: [authorization]
    methods: { GET: {}, MOVE: { access: signed-in }, POST: { access: optional } }
    encodedSlashes: pass
    bodyOnGet: true
    answerHeaderBytes: 100000
`
  )
  const explainedBy = async (method: string) =>
    (await ops(['routes', 'explain', method, '/w/a%2Fb', '--json'])).json
  const [get, post, move] = [
    await explainedBy('GET'),
    await explainedBy('POST'),
    await explainedBy('MOVE')
  ]
  t.match(get, {
    needs: 'nothing: the route is public',
    goes: ['GET http://a:1/base/a%2Fb'],
    headers: /also Authorization.*x-forwarded-prefix: \/w$/,
    answer: [/at most 100000 bytes of headers/, /get \/w in front/],
    limits: ['a body may have 1048576 bytes', /%2F\) in the path is accepted/],
    verified: [
      '200 with authorization, cookie, x-request-id, traceparent',
      /headers empty, .*: x-auth-subject/
    ]
  })
  t.notMatch(get, { headers: /x-auth-gateway/ })
  t.match(post, { needs: 'nothing, or a valid access token' })
  t.match(String(post.headers), /if the caller is signed in, .*x-auth-subject/)
  t.match(move, { needs: 'an access token' })
  t.match(String(move.headers), /Destination/)
  t.notMatch(String(move.headers), /also Authorization/)
  t.match(move, {
    verified: [
      /^200 with x-auth-subject, .*x-auth-assertion, authorization, cookie/,
      /headers empty, .*: x-auth-gateway/,
      /size of the body is not checked/
    ]
  })
  t.match(await ops(['routes', 'check']), {
    stdout:
      /nothing: the route is public; GET: nothing more; MOVE: an access token; POST: nothing, or a/
  })
  t.match(await ops(['routes', 'explain', 'GET', '/w/100%25']), { code: 1, stderr: /400/ })
})

t.test('issuers check lists the issuers, or the faults of the file', async (t) => {
  const entry = "issuer: 'https://sso.example/realms/a', audience: api"
  const issuers = (type: string) =>
    fileOf(t, 'issuers.yaml', `issuers: [{ name: sso, type: ${type}, ${entry} }]`)
  t.match(await ops(['issuers', 'check', issuers('keycloak')]), {
    code: 0,
    stdout: /sso .*realms\/a .*api .*by discovery .*realm_access ▸ roles/
  })
  t.match(await ops(['issuers', 'check', issuers('keycloack')]), {
    code: 1,
    stderr: /issuer sso: type must be one of keycloak, auth0.* \(nearest: keycloak\)/
  })
  t.match(await ops(['issuers', 'check']), { code: 2, stderr: /GATEWAY_ISSUERS_FILE/ })
})
