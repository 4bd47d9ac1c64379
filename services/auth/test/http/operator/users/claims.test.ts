import { decodeJwt } from 'jose'
import t from 'tap'
import { audited, authService, login, OPS_TOKEN, signedIn } from '../../../fixtures/auth-service.ts'
import { otherRevocations } from '../../../fixtures/families/stores.ts'
import {
  ACCESS_TOKEN,
  assertionOf,
  exchange,
  serviceThat
} from '../../../fixtures/oauth/exchange.ts'
import { postForm } from '../../../fixtures/oauth/oauth-client.ts'

const headers = { authorization: `Bearer ${OPS_TOKEN}` }
const TEMPLATE = 'tenant_id plan:https://example.com/plan'

/** A service whose tokens have claims, a signed-in user, and how an operator sets their claims. */
async function world(t: Parameters<typeof authService>[0]) {
  const auth = await authService(t, { tokenClaims: TEMPLATE })
  const { user, tokens } = await signedIn(auth)
  const set = (claims: object) =>
    auth.ops.inject({
      method: 'PUT',
      url: `/ops/users/${user.id}/claims`,
      headers,
      payload: { claims }
    })
  return { auth, user, tokens, set }
}

t.test('claims reach the next tokens under the names of the template', async (t) => {
  const { auth, user, tokens, set } = await world(t)
  t.notOk('tenant_id' in decodeJwt(tokens.accessToken))
  const claims = { tenant_id: 'acme', plan: { name: 'gold' }, note: 'for people' }
  const answer = await set(claims)
  t.equal(answer.statusCode, 200, answer.body)
  t.strictSame(answer.json().user.claims, claims)
  const shown = await auth.ops.inject({ url: `/ops/users/${user.id}`, headers })
  t.strictSame(shown.json().user.claims, claims)

  const { refreshToken } = tokens
  const refreshed = (await auth.post('/refresh-token', { refreshToken })).json().accessToken
  for (const token of [refreshed, (await login(auth)).accessToken]) {
    const read = decodeJwt(token)
    t.match(read, { tenant_id: 'acme', 'https://example.com/plan': { name: 'gold' } })
    t.notOk('note' in read || 'plan' in read, 'others are not in it')
  }
  const event = (await audited(auth)).find(({ kind }) => kind === 'claims-changed')
  t.match(event, { subject: user.id, address: 'ops', detail: '{}' })
})

t.test('a change of claims makes older tokens stale', async (t) => {
  const { auth, user, tokens, set } = await world(t)
  const asking = await serviceThat(auth, { receives: [], calls: [] }, ['introspect'])
  const isActive = async (token: string) =>
    (await postForm(auth, '/oauth/introspect', { token }, asking.authorized)).json().active
  t.ok(await isActive(tokens.accessToken))
  await set({ tenant_id: 'other' })
  t.notOk(await isActive(tokens.accessToken))
  t.match(await otherRevocations(auth.store), [{ kind: 'subject', id: user.id, version: 1 }])
  const { refreshToken } = tokens
  t.ok(await isActive((await auth.post('/refresh-token', { refreshToken })).json().accessToken))
})

t.test('claims that are refused leave the account and its tokens as they are', async (t) => {
  const { auth, tokens, set } = await world(t)
  t.equal((await set({ tenant_id: 'acme' })).statusCode, 200)
  const { refreshToken } = tokens
  const next = (await auth.post('/refresh-token', { refreshToken })).json()
  for (const claims of [{ sub: 'x' }, { roles: ['admin'] }, { a: null }, { a: 'x'.repeat(2000) }]) {
    const answer = await set(claims)
    t.match([answer.statusCode, answer.json().code], [400, 'INVALID_REQUEST'])
  }
  // Each character takes six bytes in a header. Together with these roles, the identity exceeds its
  // budget.
  const roles = Array.from({ length: 40 }, (_, n) => `${n}`.padEnd(64, 'r'))
  const url = `/ops/users/${decodeJwt(next.accessToken).sub}/roles`
  t.equal(
    (await auth.ops.inject({ method: 'PUT', url, headers, payload: { roles } })).statusCode,
    200
  )
  const wide = await set({ tenant_id: 'é'.repeat(400) })
  t.match([wide.statusCode, wide.json().detail], [400, /would not fit/])
  const again = (await auth.post('/refresh-token', { refreshToken: next.refreshToken })).json()
  t.equal(decodeJwt(again.accessToken).tenant_id, 'acme')
})

t.test('an exchanged token has the claims of its user', async (t) => {
  const { auth, set } = await world(t)
  await set({ tenant_id: 'acme' })
  const { accessToken } = await login(auth)
  const orders = await serviceThat(auth, { receives: ['orders'], calls: ['inventory'] })
  const subject_token = await assertionOf(auth, accessToken, 'orders')
  const token = (await exchange(auth, orders, { subject_token })).json().access_token
  t.equal(decodeJwt(token).tenant_id, 'acme')
  const inventory = await serviceThat(auth, { receives: ['inventory'], calls: ['stock'] })
  const onward = { subject_token: token, subject_token_type: ACCESS_TOKEN, audience: 'stock' }
  const further = (await exchange(auth, inventory, onward)).json().access_token
  t.equal(decodeJwt(further).tenant_id, 'acme')
})

t.test('an import sets claims, and refuses only the users whose claims are wrong', async (t) => {
  const { auth } = await world(t)
  const users = [
    { email: 'bob@example.com', claims: { tenant_id: 'acme' } },
    { email: 'eve@example.com', claims: { scope: 'admin' } },
    { email: 'mallory@example.com', claims: { tenant_id: null } }
  ]
  const url = '/ops/users/import'
  const payload = { users, allowNoPassword: true }
  const answer = await auth.ops.inject({ method: 'POST', url, headers, payload })
  t.match(answer.json(), {
    imported: 1,
    refused: [
      { index: 1, reason: /claims must not have the claim scope/ },
      { index: 2, reason: /claims must have .* without null/ }
    ]
  })
  const shown = await auth.ops.inject({ url: '/ops/users/bob@example.com', headers })
  t.strictSame(shown.json().user.claims, { tenant_id: 'acme' })
})
