import { decodeJwt } from 'jose'
import t from 'tap'
import { AUDIENCE } from '../../fixtures/auth-config.ts'
import { OPS_TOKEN } from '../../fixtures/auth-service.ts'
import {
  ACCESS_TOKEN,
  type ExchangingService,
  JWT,
  serviceThat
} from '../../fixtures/oauth/exchange.ts'
import { type Form, postForm } from '../../fixtures/oauth/oauth-client.ts'
import { isOAuthError } from '../../fixtures/oauth/oauth-error.ts'
import { called } from './fixtures/called.ts'

t.test('an exchanged token has only roles that the client may use and asks for', async (t) => {
  const { auth, ask } = await called(t)
  const rolesOf = async (form: Form, service?: ExchangingService) =>
    decodeJwt((await ask(form, service)).json().access_token).roles
  t.strictSame(await rolesOf({}), ['user'])
  t.strictSame(await rolesOf({ roles: 'user' }), ['user'])
  isOAuthError(t, await ask({ roles: 'other' }), 400, 'invalid_scope', 'not of the user')
  const audiences = { receives: ['orders'], calls: ['inventory'] }
  const without = await serviceThat(auth, audiences)
  t.strictSame(await rolesOf({}, without), [], 'none, unless an operator allows it')
  isOAuthError(t, await ask({ roles: 'user' }, without), 400, 'invalid_scope', 'not of the client')
  const ops = (payload: object) =>
    auth.ops.inject({
      method: 'PUT',
      url: `/ops/clients/${without.id}/audiences`,
      headers: { authorization: `Bearer ${OPS_TOKEN}` },
      payload
    })
  t.equal((await ops({ ...audiences, roles: ['user'] })).statusCode, 200)
  t.strictSame(await rolesOf({}, without), ['user'])
  t.equal((await ops(audiences)).statusCode, 200)
  t.strictSame(await rolesOf({}, without), ['user'], 'without roles, they do not change')
  t.equal((await ops({ ...audiences, roles: ['a b'] })).statusCode, 400)
})

t.test('the scope is a part of the subject token’s and of what the client may get', async (t) => {
  const { auth, ask } = await called(t)
  const audiences = { receives: ['orders'], calls: ['inventory'] }
  const reader = await serviceThat(auth, audiences, ['orders:read', 'stock:read'])
  t.equal((await ask({}, reader)).json().scope, 'orders:read')
  t.equal((await ask({ scope: 'orders:read' })).json().scope, 'orders:read')
  t.equal((await ask({ scope: 'orders:read orders:read' })).json().scope, 'orders:read')
  const wider: [string, ExchangingService?][] = [
    ['orders:write', reader],
    ['stock:read', reader],
    ['introspect'],
    ['orders:read admin'],
    [' ']
  ]
  for (const [scope, service] of wider) {
    isOAuthError(t, await ask({ scope }, service), 400, 'invalid_scope', scope)
  }
})

t.test('each malformed or forbidden request has the error of RFC 8693', async (t) => {
  const { auth, ask } = await called(t)
  const wrong: [Form, Parameters<typeof isOAuthError>[3]][] = [
    [{ subject_token: '' }, 'invalid_request'],
    [{ subject_token_type: '' }, 'invalid_request'],
    [{ audience: '' }, 'invalid_request'],
    [{ subject_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, 'invalid_request'],
    [{ requested_token_type: JWT }, 'invalid_request'],
    [{ actor_token: 'x', actor_token_type: JWT }, 'invalid_request'],
    [{ actor_token_type: JWT }, 'invalid_request'],
    [{ audience: 'billing' }, 'invalid_target'],
    [{ audience: 'inventory billing' }, 'invalid_target'],
    [{ audience: AUDIENCE }, 'invalid_target'],
    [{ resource: 'https://inventory.example' }, 'invalid_target']
  ]
  for (const [form, error] of wrong) {
    isOAuthError(t, await ask(form), 400, error, JSON.stringify(form))
  }
  t.equal((await ask({ requested_token_type: ACCESS_TOKEN })).statusCode, 200)
  const idle = await serviceThat(auth, { receives: ['orders'], calls: [] })
  isOAuthError(t, await ask({}, idle), 400, 'unauthorized_client')
  for (const form of [{}, { client_id: 'gatehouse' }, { client_id: idle.id }]) {
    const answer = await postForm(auth, '/oauth/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'x',
      subject_token_type: JWT,
      audience: 'inventory',
      ...form
    })
    isOAuthError(t, answer, 401, 'invalid_client')
  }
})

t.test('refused exchanges are counted by reason', async (t) => {
  const { auth, orders, ask } = await called(t)
  const counts = async () => {
    const text = await auth.registry.getSingleMetricAsString('auth_token_exchanges_refused_total')
    const found = [...text.matchAll(/reason="(\w+)"} ([1-9]\d*)/g)]
    return Object.fromEntries(found.map(([, reason = '', count]) => [reason, Number(count)]))
  }
  await ask()
  t.strictSame(await counts(), {}, 'one that succeeds')
  const idle = await serviceThat(auth, { receives: ['orders'], calls: [] })
  const forms: [Form, ExchangingService?][] = [
    [{}, idle],
    [{ audience: 'billing' }],
    [{ scope: 'admin' }],
    [{ subject_token: 'x' }],
    [{ subject_token: '' }],
    [{ actor_token: 'x' }]
  ]
  for (const [form, service = orders] of forms) await ask(form, service)
  const once = { client: 1, audience: 1, scope: 1, subject_token: 1 }
  t.strictSame(await counts(), { ...once, request: 2 })
})
