import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type Answer, client } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { freePort } from '@gatehouse/start/free-port'
import t from 'tap'
import { fewLogins, LOGINS_PER_MINUTE } from '../journeys/fixtures/few-logins.ts'
import { isProblem } from '../journeys/fixtures/problem-response.ts'
import { read } from '../rules/fixtures/source-files.ts'

const ada = { email: 'ada@example.com', password: 'correct horse battery' }

t.test('an invalid request gets an error in the documented form', async (t) => {
  const { url } = await wholeSystem(t, {
    AUTH_NEW_USER_SCOPE: 'orders:read',
    GATEWAY_ROUTES: fewLogins(t)
  })
  const { call, register, login, logout, refresh } = client(url)
  await register(ada.email, ada.password)
  const { body: tokens } = await login(ada.email, ada.password)
  const token = tokens.accessToken
  const json = { 'content-type': 'application/json' }
  const raw = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(new URL(path, url), init)
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text) }
  }
  const post = (body: RequestInit['body'], headers: Record<string, string> = json) =>
    raw('/auth/login', { method: 'POST', body: body ?? null, headers })

  isProblem(t, await post('{'), 400, 'INVALID_REQUEST', 'not JSON')
  isProblem(t, await post('[]'), 400, 'INVALID_REQUEST', 'not an object')
  isProblem(t, await post(''), 400, 'INVALID_REQUEST', 'no body')
  isProblem(t, await post('{"email":"a@b.c"}'), 400, 'INVALID_REQUEST', 'a member is missing')
  const unknown = JSON.stringify({ ...ada, roles: ['admin'] })
  isProblem(t, await post(unknown), 400, 'INVALID_REQUEST', 'an unknown member')
  const big = JSON.stringify({ ...ada, password: 'x'.repeat(2 * 1024 * 1024) })
  isProblem(t, await post(big), 413, 'INVALID_REQUEST', '2 MiB')
  const chunks = new Blob([big]).stream()
  const streamed = { method: 'POST', body: chunks, headers: json, duplex: 'half' } as RequestInit
  isProblem(t, await raw('/auth/login', streamed), 413, 'INVALID_REQUEST', '2 MiB in chunks')
  isProblem(t, await call(`/${'x'.repeat(9000)}`), 414, 'INVALID_REQUEST', 'a long path')
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  isProblem(t, await post('email=a', form), 415, 'INVALID_REQUEST', 'a form')
  isProblem(t, await post('{}', { 'content-type': 'text/plain' }), 415, 'INVALID_REQUEST', 'text')
  const fat = { headers: { 'x-fat': 'x'.repeat(20_000) } }
  isProblem(t, await call('/echo/public', fat), 431, 'INVALID_REQUEST', 'large headers')
  isProblem(t, await call('/echo/a%2fb'), 400, 'INVALID_REQUEST', 'an ambiguous path')

  isProblem(t, await login(ada.email, 'no'), 401, 'UNAUTHENTICATED', 'a wrong password')
  isProblem(t, await call('/orders'), 401, 'UNAUTHENTICATED', 'no token')
  isProblem(t, await call('/orders', { token: 'x.y.z' }), 401, 'UNAUTHENTICATED', 'no real token')
  isProblem(t, await refresh('x'), 401, 'UNAUTHENTICATED', 'no real refresh token')
  const foreign = { json: ada, headers: { 'sec-fetch-site': 'cross-site' } }
  isProblem(t, await call('/auth/login', foreign), 403, 'FORBIDDEN', 'another site')
  isProblem(t, await call('/nowhere'), 404, 'NOT_FOUND', 'no such route')
  isProblem(t, await call('/orders/none', { token }), 404, 'NOT_FOUND', 'no such order')
  const put = { method: 'PUT', token }
  isProblem(t, await call('/orders', put), 405, 'METHOD_NOT_ALLOWED', 'no such method')
  isProblem(t, await register(ada.email, ada.password), 409, 'CONFLICT', 'a taken address')

  const order = await call('/orders', { token, json: { item: 'book', quantity: 1 } })
  isProblem(t, order, 403, 'FORBIDDEN', 'no scope to write')
  const challenge = order.headers.get('www-authenticate')
  t.match(challenge, 'error="insufficient_scope", scope="orders:write"', 'the scope is named')
  t.equal((await call('/orders', { token })).status, 200, 'reading is allowed')

  await logout(tokens.refreshToken)
  isProblem(t, await refresh(tokens.refreshToken), 401, 'SESSION_ENDED', 'after logout')

  let last = await post('{}')
  for (let calls = 0; calls < 2 * LOGINS_PER_MINUTE && last.status !== 429; calls += 1)
    last = await post('{}')
  isProblem(t, last, 429, 'RATE_LIMITED', 'too many logins from one address')
  t.match(last.headers.get('retry-after'), /^[1-9]\d?$/, 'with the seconds to wait')
  t.equal((await refresh('x')).status, 401, 'refreshing is not limited by address')
})

t.test('a failing service is reported as such, and not as a fault of the caller', async (t) => {
  const folder = dataFolder(t)
  const silent = createServer()
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  t.teardown(() => silent.close())
  const address = silent.address()
  const silentPort = typeof address === 'object' ? address?.port : 0
  const routes = join(folder, 'routes.yaml')
  writeFileSync(
    routes,
    read('gateway/routes.yaml')
      .replace(
        /(upstreams:)/,
        `$1\n  gone: http://127.0.0.1:${await freePort()}\n  silent: http://127.0.0.1:${silentPort}`
      )
      .concat('\n  - { name: gone, prefix: /gone, upstream: gone, access: public }')
      .concat('\n  - { name: silent, prefix: /silent, upstream: silent, access: public }\n')
  )
  const { url } = await wholeSystem(t, {
    GATEHOUSE_DATA_DIR: folder,
    GATEWAY_ROUTES: routes,
    GATEWAY_UPSTREAM_TIMEOUT_SECONDS: '1',
    AUTH_NEW_USER_ROLES: Array.from({ length: 25 }, (_, n) => `${n}${'r'.repeat(180)}`).join(','),
    AUTH_NEW_USER_SCOPE: ''
  })
  const { call, register, login } = client(url)

  isProblem(t, await call('/gone'), 502, 'UPSTREAM_UNAVAILABLE', 'nothing listens')
  isProblem(t, await call('/silent'), 504, 'UPSTREAM_TIMEOUT', 'the service does not answer')

  await register(ada.email, ada.password)
  const { body: tokens } = await login(ada.email, ada.password)
  const large = await call('/orders', { token: tokens.accessToken })
  isProblem(t, large, 500, 'INTERNAL', 'an identity over the header budget is never cut short')
})
