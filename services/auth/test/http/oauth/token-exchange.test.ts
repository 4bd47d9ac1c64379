import { decodeJwt, decodeProtectedHeader } from 'jose'
import t from 'tap'
import { AUDIENCE, ISSUER } from '../../fixtures/auth-config.ts'
import { audited, authService, OPS_TOKEN } from '../../fixtures/auth-service.ts'
import {
  ACCESS_TOKEN,
  assertionOf,
  type ExchangingService,
  exchange,
  JWT,
  serviceThat
} from '../../fixtures/oauth/exchange.ts'
import { postForm } from '../../fixtures/oauth/oauth-client.ts'
import { isOAuthError } from '../../fixtures/oauth/oauth-error.ts'
import { called } from './fixtures/called.ts'

t.test('a service exchanges an assertion for a token for another service', async (t) => {
  const { auth, user, tokens, orders, ask } = await called(t)
  auth.clock.advance(20_000)
  const answer = await ask()
  t.equal(answer.statusCode, 200, answer.body)
  t.match(answer.headers, { 'cache-control': 'no-store', pragma: 'no-cache' })
  const { access_token: token, ...rest } = answer.json()
  t.strictSame(rest, {
    issued_token_type: ACCESS_TOKEN,
    token_type: 'Bearer',
    expires_in: 60,
    scope: 'orders:read orders:write'
  })
  const [subject, { jti, ...claims }] = [decodeJwt(tokens.accessToken), decodeJwt(token)]
  t.match(jti, /^[0-9a-f-]{36}$/)
  t.not(jti, subject.jti)
  t.strictSame(claims, {
    iss: ISSUER,
    aud: 'inventory',
    sub: user.id,
    client_id: orders.id,
    act: { sub: orders.id },
    delegation: { keys: [decodeProtectedHeader(tokens.accessToken).kid], rights: [0] },
    sid: tokens.session.id,
    scope: 'orders:read orders:write',
    roles: ['user'],
    email: 'ada@example.com',
    acr: 'aal1',
    auth_time: subject.auth_time,
    rights_version: 0,
    iat: subject.iat,
    nbf: subject.iat,
    exp: auth.clock() / 1000 + 60
  })
  t.equal(decodeProtectedHeader(token).typ, 'at+jwt')
})

t.test('a service that receives tokens of the installation exchanges access tokens', async (t) => {
  const { auth, tokens, ask } = await called(t)
  const form = { subject_token: tokens.accessToken, subject_token_type: ACCESS_TOKEN }
  const all = await serviceThat(auth, { receives: [AUDIENCE], calls: ['inventory'] })
  t.equal((await ask(form, all)).statusCode, 200)

  const machine = await serviceThat(auth, { receives: [], calls: [] })
  const grant = { grant_type: 'client_credentials' }
  const own = (await postForm(auth, '/oauth/token', grant, machine.authorized)).json()
  const answer = await ask({ ...form, subject_token: own.access_token }, all)
  t.match(decodeJwt(answer.json().access_token), { sub: machine.id, act: { sub: all.id } })
})

t.test('each exchange names one more actor, and a fifth service gets no token', async (t) => {
  const { auth, tokens } = await called(t)
  const chain = ['one', 'two', 'three', 'four', 'five']
  const services: ExchangingService[] = []
  for (const [index, name] of chain.entries()) {
    const next = chain[index + 1] ?? 'six'
    services.push(await serviceThat(auth, { receives: [name], calls: [next] }))
  }
  let token = tokens.accessToken
  for (const [index, service] of services.entries()) {
    const [receives = '', audience = 'six'] = chain.slice(index)
    const asAssertion = index % 2 === 0
    const form = asAssertion
      ? { subject_token: await assertionOf(auth, token, receives), subject_token_type: JWT }
      : { subject_token: token, subject_token_type: ACCESS_TOKEN }
    const answer = await exchange(auth, service, { ...form, audience })
    if (index === 4) {
      isOAuthError(t, answer, 400, 'invalid_request', 'the fifth')
      break
    }
    t.equal(answer.statusCode, 200, answer.body)
    token = answer.json().access_token
    const before = services.slice(0, index + 1).map(({ id }) => id)
    const act = before.reduce<object | null>(
      (inner, sub) => (inner === null ? { sub } : { sub, act: inner }),
      null
    )
    t.strictSame(decodeJwt(token).act, act, 'the latest is outermost')
    t.match(decodeJwt(token), { sub: decodeJwt(tokens.accessToken).sub, aud: audience })
  }
})

t.test('a forged assertion proves no more than the session of its user', async (t) => {
  const { auth, tokens, orders } = await called(t)
  const { kid } = decodeProtectedHeader(tokens.accessToken)
  const { iat = 0, auth_time } = decodeJwt(tokens.accessToken)
  const asked = async (token: object, changes: object = {}) => {
    const all = { token: { kid, iat, ...token }, ...changes }
    const assertion = await assertionOf(auth, tokens.accessToken, 'orders', all)
    return await exchange(auth, orders, { subject_token: assertion })
  }
  const issued = async (...stated: Parameters<typeof asked>) =>
    decodeJwt((await asked(...stated)).json().access_token)
  const session = { acr: 'aal1', auth_time, rights_version: 0 }
  for (const acr of ['aal2', 'another']) {
    t.match(await issued({ acr, auth_time: iat + 5000, rights_version: 7 }), session)
  }
  const old = await issued({ acr: 'aal1', auth_time: 5 })
  t.match(old, { acr: 'aal1', auth_time: 5 }, 'less is possible')
  t.notOk('acr' in (await issued({})))
  isOAuthError(t, await asked({ iat: iat + 60 }), 400, 'invalid_request', 'dated ahead')

  const machine = await serviceThat(auth, { receives: [], calls: [] }, ['orders:read'])
  const ofMachine = { sub: machine.id, sid: undefined, client_id: machine.id }
  const claims = await issued({ acr: 'aal2', auth_time: iat }, ofMachine)
  t.match(claims, { sub: machine.id, scope: 'orders:read', roles: [] }, 'no more than the client')
  for (const claim of ['acr', 'auth_time', 'email', 'sid']) t.notOk(claim in claims, claim)
})

t.test('a token that is exchanged does not outlive its subject token', async (t) => {
  const { auth, tokens, ask } = await called(t)
  auth.clock.advance((tokens.expiresIn - 20) * 1000)
  t.equal((await ask()).json().expires_in, 20)
  auth.clock.advance(20_000)
  isOAuthError(t, await ask(), 400, 'invalid_request')
})

t.test('an exchange is in the audit log of the user before the response', async (t) => {
  const { auth, user, tokens, orders, ask } = await called(t)
  const { expires_in: expiresIn } = (await ask()).json()
  const event = (await audited(auth)).at(-1)
  t.match(event, { kind: 'token-exchanged', subject: user.id, sid: tokens.session.id })
  const detail = { client: orders.id, audience: 'inventory', expiresIn }
  t.strictSame(JSON.parse(event?.detail ?? ''), detail)
})

t.test('an exchanged token is active only for a client that is its audience', async (t) => {
  const { auth, orders, ask } = await called(t)
  const token = (await ask()).json().access_token
  const inventory = await serviceThat(auth, { receives: ['inventory'], calls: [] })
  const said = async ({ authorized }: ExchangingService) =>
    (await postForm(auth, '/oauth/introspect', { token }, authorized)).json()
  t.match(await said(inventory), { active: true, aud: 'inventory', act: { sub: orders.id } })
  t.strictSame(await said(orders), { active: false })
})

t.test('an operator lets a client exchange tokens, and takes it back', async (t) => {
  const auth = await authService(t)
  const headers = { authorization: `Bearer ${OPS_TOKEN}` }
  const { id } = await serviceThat(auth, { receives: [], calls: [] })
  const set = (payload: object, client = id) =>
    auth.ops.inject({ method: 'PUT', url: `/ops/clients/${client}/audiences`, headers, payload })
  const listed = async () =>
    (await auth.ops.inject({ url: '/ops/clients', headers })).json().clients[0]

  t.match(await listed(), { receives: [], calls: [] }, 'none by default')
  t.equal((await set({ receives: ['orders'], calls: ['b', 'a', 'b'] })).statusCode, 200)
  t.match(await listed(), { receives: ['orders'], calls: ['b', 'a'] })
  for (const calls of [[AUDIENCE], [ISSUER], ['auth'], ['two words'], ['é'], ['']]) {
    const answer = await set({ receives: [], calls })
    t.match([answer.statusCode, answer.json().code], [400, 'INVALID_REQUEST'], calls.join())
  }
  t.equal((await set({ receives: ['auth'], calls: [] })).statusCode, 400)
  t.equal((await set({ receives: [], calls: [] })).statusCode, 200)
  t.match(await listed(), { receives: [], calls: [] })
  const none = '00000000-0000-0000-0000-000000000000'
  t.equal((await set({ receives: [], calls: [] }, none)).statusCode, 404)
})
