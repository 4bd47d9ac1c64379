import { PROBLEM_MEDIA_TYPE } from '@gatehouse/problem/document'
import t from 'tap'
import { capturedLog } from './fixtures/captured-log.ts'
import { edge } from './fixtures/edge.ts'
import { sendBytes } from './fixtures/raw-client.ts'

const SECRETS = ['top-secret', 'ada@example.com']

t.test('each refusal is one line of the log, with its reason, and no secret in it', async (t) => {
  const { log, lines, text } = capturedLog(t)
  const routes = `
  - { name: admin, prefix: /admin, upstream: service, roles: [admin] }
  - { name: pay, prefix: /pay, upstream: service, scopes: [pay] }
  - { name: few, prefix: /few, upstream: service, access: public, limit: { max: 1, windowSeconds: 60 } }
  - { name: small, prefix: /small, upstream: service, access: public, bodyLimitBytes: 1 }
`
  const gateway = await edge(t, { routes, serviceLog: log })
  await gateway.call('/few')
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
  const token = gateway.token()
  const large = { email: `${'x'.repeat(4096)}@example.com` }
  const refused: [path: string, init: RequestInit, status: number, code: string, reason: RegExp][] =
    [
      ['/closed', bearer('top-secret'), 401, 'UNAUTHENTICATED', /three base64url segments/],
      ['/closed', bearer(`${token}A`), 401, 'UNAUTHENTICATED', /segments|signature/],
      [
        '/closed',
        { headers: { authorization: 'Basic top-secret' } },
        401,
        'UNAUTHENTICATED',
        /bearer/
      ],
      [
        '/closed',
        bearer(gateway.token({ exp: 1 })),
        401,
        'TOKEN_EXPIRED',
        /^the access token has expired$/
      ],
      ['/closed', bearer(gateway.token({ iss: 'top-secret' })), 401, 'UNAUTHENTICATED', /issuer/],
      ['/closed', bearer(gateway.token(large)), 500, 'INTERNAL', /exceeds the header budget/],
      ['/admin', {}, 403, 'FORBIDDEN', /role is missing/],
      ['/pay', {}, 403, 'FORBIDDEN', /scope is missing/],
      ['/few', {}, 429, 'RATE_LIMITED', /limit of the route/],
      [
        '/small',
        { method: 'POST', body: 'top-secret' },
        413,
        'INVALID_REQUEST',
        /limit of the route/
      ],
      ['/nowhere?x=top-secret', {}, 404, 'NOT_FOUND', /no route/],
      [
        '/open//x?token=top-secret',
        {},
        400,
        'INVALID_REQUEST',
        /^the path is not in its canonical form$/
      ]
    ]
  for (const [path, init, status, code, reason] of refused) {
    const before = lines().length
    const answer = await gateway.call(path, init)
    const problem = await answer.json()
    t.equal(answer.status, status, path)
    t.ok(answer.headers.get('content-type')?.startsWith(PROBLEM_MEDIA_TYPE), path)
    t.equal(answer.headers.get('cache-control'), 'no-store', path)
    t.match(problem, { status, code, requestId: answer.headers.get('x-request-id') }, path)
    t.notMatch(JSON.stringify(problem), reason, `${path}: the reason stays here`)
    const written = lines().slice(before)
    t.match(written, [{ code, status, reason }], `${path}: one line`)
    t.equal(written[0]?.level, status < 500 ? 30 : 50, `${path}: how loud`)
  }
  t.equal(gateway.upstream.received.length, 1, 'nothing of it went on')
  for (const secret of [...SECRETS, token]) t.notMatch(text(), secret, 'not in the log')
})

t.test('malformed requests are refused in the documented form', async (t) => {
  const gateway = await edge(t)
  const answer = await sendBytes(gateway.port, 'no request at all\r\n\r\n')
  t.match(answer, /^HTTP\/1\.1 400 .*"code":"INVALID_REQUEST"/s)
  t.match(answer, /\r\ncontent-type: application\/problem\+json\r\n/)
})

t.test('a request that passes is not in the log', async (t) => {
  const { log, text } = capturedLog(t)
  const gateway = await edge(t, { serviceLog: log })
  const token = gateway.token()
  const init = {
    method: 'POST',
    body: 'top-secret',
    headers: { authorization: `Bearer ${token}`, cookie: '__Host-refresh=top-secret' }
  }
  t.equal((await gateway.call('/closed?x=top-secret', init)).status, 200)
  for (const secret of [...SECRETS, token]) t.notMatch(text(), secret)
})
