import t from 'tap'
import { authService, email, password } from '../../fixtures/auth-service.ts'
import { isProblem } from '../../fixtures/problem.ts'

/** Every route, with its methods. */
const routes = {
  '/register': 'POST',
  '/login': 'POST',
  '/refresh-token': 'POST',
  '/logout': 'POST',
  '/logout-all': 'POST',
  '/me': 'GET, HEAD',
  '/sessions': 'DELETE, GET, HEAD',
  '/sessions/one': 'DELETE',
  '/.well-known/jwks.json': 'GET, HEAD'
}

for (const [url, allow] of Object.entries(routes)) {
  t.test(`${url} answers 405 to other methods, with its own in Allow`, async (t) => {
    const { service } = await authService(t)
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
      if (allow.split(', ').includes(method)) continue
      const answer = await service.inject({ method, url: `${url}?a=b` })
      t.equal(answer.headers.allow, allow, method)
      if (method === 'HEAD') t.equal(answer.statusCode, 405)
      else isProblem(t, answer, { code: 'METHOD_NOT_ALLOWED' }, method)
    }
  })
}

t.test('a request to an unknown route gets 404', async (t) => {
  const { post } = await authService(t)
  const paths = [
    '/',
    '/nothing',
    '/Login',
    '/login/',
    '/login/x',
    '//login',
    '/auth/login',
    '/metrics'
  ]
  for (const path of paths) {
    isProblem(t, await post(path, { email, password }), { code: 'NOT_FOUND' }, path)
  }
})

t.test('a path that cannot be decoded is refused', async (t) => {
  const { get } = await authService(t)
  for (const path of ['/%', '/%zz', '/%c0%ae', '/me%']) {
    const detail = 'the path could not be decoded'
    isProblem(t, await get(path), { code: 'INVALID_REQUEST', detail }, path)
  }
})
