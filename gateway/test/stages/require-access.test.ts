import t from 'tap'
import { edge } from '../fixtures/edge.ts'

const routes = `
  - name: orders
    prefix: /orders
    upstream: service
    methods:
      GET: { scopes: [orders:read] }
      POST: { scopes: [orders:write], roles: [user, admin] }
      DELETE: { roles: [admin], maxLoginAgeSeconds: 300 }
  - { name: strong, prefix: /strong, upstream: service, acrValues: [aal2, phr], maxLoginAgeSeconds: 300, tokenClaims: [acr, amr] }
  - { name: few, prefix: /few, upstream: service, claims: [subject, roles] }
`

t.test('each method has its own requirements, and one that is not listed gets 405', async (t) => {
  const gateway = await edge(t, { routes })
  const status = async (method: string, claims: Record<string, unknown>) => {
    const headers = { authorization: `Bearer ${gateway.token(claims)}` }
    return (await gateway.call('/orders/1', { method, headers })).status
  }
  t.equal(await status('GET', { scope: 'orders:read' }), 200)
  t.equal(await status('HEAD', { scope: 'orders:read' }), 200)
  t.equal(await status('GET', { scope: 'orders:write' }), 403)
  t.equal(await status('POST', { scope: 'orders:write', roles: ['admin'] }), 200)
  t.equal(await status('POST', { scope: 'orders:write', roles: ['other'] }), 403)
  t.equal(await status('POST', { scope: 'orders:read', roles: ['user'] }), 403)
  const refused = await gateway.call('/orders/1', { method: 'PUT' })
  t.equal(refused.status, 405)
  t.equal(refused.headers.get('allow'), 'GET, POST, DELETE, HEAD')
  t.match(await refused.json(), { code: 'METHOD_NOT_ALLOWED' })
})

t.test('a request with too old a login gets 401 with the maximum age', async (t) => {
  const gateway = await edge(t, { routes })
  const now = Math.floor(gateway.clock() / 1000)
  const ask = (auth_time: number | undefined) =>
    gateway.call('/orders/1', {
      method: 'DELETE',
      headers: { authorization: `Bearer ${gateway.token({ roles: ['admin'], auth_time })}` }
    })
  t.equal((await ask(now - 300)).status, 200)
  for (const old of [now - 301, undefined]) {
    const refused = await ask(old)
    t.equal(refused.status, 401, String(old))
    t.match(await refused.json(), { code: 'UNAUTHENTICATED' })
    t.match(
      refused.headers.get('www-authenticate'),
      /^Bearer .*error="insufficient_user_authentication".*max_age="300"/
    )
  }
})

t.test('a request with too weak authentication gets 401 with the accepted classes', async (t) => {
  const gateway = await edge(t, { routes })
  const auth_time = Math.floor(gateway.clock() / 1000)
  const ask = (claims: Record<string, unknown>) => {
    const token = gateway.token({ auth_time, ...claims })
    return gateway.call('/strong', { headers: { authorization: `Bearer ${token}` } })
  }
  t.equal((await ask({ acr: 'aal2', amr: ['pwd', 'otp', 'mfa'] })).status, 200)
  t.match(gateway.upstream.received[0]?.headers, {
    'x-auth-claim-acr': 'aal2',
    'x-auth-claim-amr': /otp/
  })
  t.equal((await ask({ acr: 'phr' })).status, 200, 'one of several')
  for (const acr of ['aal1', 'AAL2', 'aal2 phr', undefined]) {
    const refused = await ask({ acr })
    t.equal(refused.status, 401, String(acr))
    t.match(await refused.json(), {
      code: 'UNAUTHENTICATED',
      detail: 'the request needs an authentication of the class aal2 or phr'
    })
    const challenge = refused.headers.get('www-authenticate')
    t.match(challenge, /error="insufficient_user_authentication".*acr_values="aal2 phr"$/)
  }
  const both = await ask({ acr: 'aal1', auth_time: auth_time - 301 })
  t.match(both.headers.get('www-authenticate'), /acr_values="aal2 phr", max_age="300"$/)
})

t.test('a route forwards only the parts of the identity that it names', async (t) => {
  const gateway = await edge(t, { routes })
  await gateway.call('/few')
  const names = Object.keys(gateway.upstream.received[0]?.headers ?? {})
  t.strictSame(names.filter((name) => name.startsWith('x-auth-')).sort(), [
    'x-auth-roles',
    'x-auth-subject'
  ])
})
