import { once } from 'node:events'
import { request } from 'node:http'
import t from 'tap'
import { authService, OPS_TOKEN } from '../../fixtures/auth-service.ts'
import { isProblem } from '../../fixtures/problem.ts'

const bearer = { authorization: `Bearer ${OPS_TOKEN}` }
const paths = [
  '/ops/users',
  '/ops/audit',
  '/ops/users/x/sessions',
  '/ops/keys',
  '/ops/gateways',
  '/ops/database'
]

t.test('without the token, or with a wrong one, every ops request is refused', async (t) => {
  const { ops } = await authService(t)
  const tokens = ['', 'Bearer', 'Bearer x', `Bearer ${OPS_TOKEN}x`, `Basic ${OPS_TOKEN}`, OPS_TOKEN]
  for (const authorization of tokens) {
    for (const url of paths) {
      const headers: Record<string, string> = authorization === '' ? {} : { authorization }
      const answer = await ops.inject({ url, headers })
      isProblem(t, answer, { code: 'UNAUTHENTICATED' }, `${url} with ${authorization.slice(0, 8)}`)
      t.notMatch(answer.body, OPS_TOKEN)
    }
  }
  t.equal((await ops.inject({ url: '/ops/users', headers: bearer })).statusCode, 200)
})

t.test('no cache keeps a response of the ops API, which may show a secret', async (t) => {
  const { ops } = await authService(t)
  const kept = async (method: 'GET' | 'POST', path: string, payload?: object) => {
    const url = `/ops${path}`
    const answer = await ops.inject({ method, url, headers: bearer, ...(payload && { payload }) })
    t.ok(answer.statusCode < 300, `${method} ${path}: ${answer.body}`)
    t.equal(answer.headers['cache-control'], 'no-store', `${method} ${path}`)
    return answer.json()
  }
  t.ok((await kept('POST', '/invitations', {})).secret)
  const { client, secret } = await kept('POST', '/clients', { name: 'a job', scope: ['a'] })
  t.ok(secret)
  t.ok((await kept('POST', `/clients/${client.id}/secrets`)).secret)
  await kept('GET', '/users')
})

t.test('a page in a browser is refused, whatever token it has', async (t) => {
  const { ops } = await authService(t)
  const detail = 'the ops API is not for browsers'
  const pages: Record<string, string>[] = [
    { origin: 'http://localhost:3901' },
    { origin: 'null' },
    { 'sec-fetch-site': 'same-origin' },
    { host: 'rebound.example' },
    { host: 'rebound.example:3901' },
    { host: '127.0.0.1.rebound.example' },
    { host: 'localhost.rebound.example' }
  ]
  for (const page of pages) {
    const answer = await ops.inject({ url: '/ops/users', headers: { ...bearer, ...page } })
    isProblem(t, answer, { code: 'FORBIDDEN', detail }, JSON.stringify(page))
  }
  for (const host of [
    '127.0.0.1:3901',
    'localhost',
    '[::1]:3901',
    'auth.internal:3901',
    '10.1.2.3'
  ]) {
    const answer = await ops.inject({ url: '/ops/users', headers: { ...bearer, host } })
    t.equal(answer.statusCode, 200, host)
  }
})

t.test('the ops API is not on the listener that the gateway uses', async (t) => {
  const { service } = await authService(t)
  for (const url of [...paths, '/healthz', '/readyz', '/metrics']) {
    isProblem(t, await service.inject({ url, headers: bearer }), { code: 'NOT_FOUND' }, url)
  }
})

t.test('the ops listener refuses a request with two Host headers', async (t) => {
  const auth = await authService(t)
  const authorization = ['Authorization', `Bearer ${OPS_TOKEN}`]
  const url = await auth.ops.listen({ host: '127.0.0.1', port: 0 })
  const statusWith = async (...hosts: string[]) => {
    const headers = [...authorization, ...hosts.flatMap((host) => ['Host', host])]
    const sent = request(`${url}/ops/operators/me`, { headers, agent: false }).end()
    const [answer] = await once(sent, 'response')
    answer.resume()
    return answer.statusCode
  }
  t.equal(await statusWith('localhost'), 200)
  t.equal(await statusWith('localhost', 'localhost'), 400)
  t.equal(await statusWith('localhost', 'evil.example'), 400)
})
