import t, { type Test } from 'tap'
import { edge } from '../fixtures/edge.ts'

const routes = `
  - { name: oauth, prefix: /oauth/token, upstream: service, access: public, errors: oauth, bodyLimitBytes: 8, limit: { max: 4, windowSeconds: 60 } }
  - { name: stripped, prefix: /o/token, upstream: service, stripPrefix: /o, access: public, errors: oauth, bodyLimitBytes: 8 }
  - { name: problem, prefix: /problem, upstream: service, access: public, bodyLimitBytes: 8 }
`

async function isOAuthError(t: Test, answer: Response, status: number, error: string) {
  t.equal(answer.status, status)
  t.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
  t.equal(answer.headers.get('cache-control'), 'no-store')
  const document = (await answer.json()) as Record<string, unknown>
  t.equal(document.error, error)
  t.notOk('code' in document, 'not a problem document')
}

t.test('the gateway’s own errors have the form of the route', async (t) => {
  const gateway = await edge(t, { routes })
  const post = (path: string, init: RequestInit = {}) =>
    fetch(`${gateway.url}${path}`, { method: 'POST', ...init })
  const chunks = () =>
    ({ body: new Blob(['more than eight']).stream(), duplex: 'half' }) as RequestInit

  await isOAuthError(
    t,
    await post('/oauth/token', { body: 'more than eight' }),
    413,
    'invalid_request'
  )
  await isOAuthError(t, await post('/oauth/token', chunks()), 413, 'invalid_request')
  await isOAuthError(t, await post('/o/token', chunks()), 413, 'invalid_request')
  for (const path of ['', '?a', '?b']) {
    t.equal((await post(`/oauth/token${path}`)).status, 200, 'valid requests pass')
  }
  const over = await post('/oauth/token?c')
  t.match(over.headers.get('retry-after'), /^\d+$/)
  await isOAuthError(t, over, 429, 'temporarily_unavailable')

  const elsewhere = await post('/problem', { body: 'more than eight' })
  t.match(elsewhere.headers.get('content-type'), /^application\/problem\+json/)
  const nowhere = await post('/oauth/token/../x%2f')
  t.match(nowhere.headers.get('content-type'), /^application\/problem\+json/, 'a path of no route')
})
