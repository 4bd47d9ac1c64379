import { eventually } from '@gatehouse/fixtures/client'
import * as openid from 'openid-client'
import t from 'tap'
import { LOGINS_PER_MINUTE } from './fixtures/few-logins.ts'
import { faultOf, startedSystem } from './fixtures/oauth-system.ts'

const ada = { email: 'ada@example.com', password: 'correct horse battery' }

type Echo = { headers: Record<string, string> }

const system = await startedSystem(t)

t.test('a library finds the endpoints, and gets tokens by every method', async (t) => {
  const { issuer, registered, discover, keyed } = system
  const basic = await registered({ method: 'client_secret_basic' })
  const post = await registered({ method: 'client_secret_post' })
  const configurations = {
    client_secret_basic: await discover(basic.id, openid.ClientSecretBasic(basic.secret)),
    client_secret_post: await discover(post.id, openid.ClientSecretPost(post.secret)),
    'private_key_jwt ES256': await keyed('ES256'),
    'private_key_jwt EdDSA': await keyed('EdDSA'),
    'private_key_jwt RS256': await keyed('RS256'),
    'private_key_jwt PS256': await keyed('PS256')
  }
  for (const [title, configuration] of Object.entries(configurations)) {
    t.equal(configuration.serverMetadata().token_endpoint, `${issuer}/oauth/token`)
    const scope = 'orders:read'
    const tokens = await openid.clientCredentialsGrant(configuration, { scope })
    t.match(tokens, { token_type: 'bearer', scope, access_token: /^ey/ }, title)
    t.notOk(tokens.refresh_token, 'it can prove again who it is')
    const said = await openid.tokenIntrospection(configuration, tokens.access_token)
    t.match(said, { active: true, scope, client_id: configuration.clientMetadata().client_id })
  }
  const wrong = await discover(basic.id, openid.ClientSecretBasic(post.secret))
  const challenged = { status: 401, code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE' }
  t.match(await faultOf(openid.clientCredentialsGrant(wrong)), challenged)
  const swapped = await discover(post.id, openid.ClientSecretPost(basic.secret))
  const unbelieved = { status: 401, error: 'invalid_client' }
  t.match(await faultOf(openid.clientCredentialsGrant(swapped)), unbelieved)
  const more = openid.clientCredentialsGrant(configurations.client_secret_basic, { scope: 'admin' })
  t.match(await faultOf(more), { error: 'invalid_scope', status: 400 })
})

t.test('services serve a machine client, and see no session', async (t) => {
  const { registered, discover, api } = system
  const { id, secret } = await registered({ scope: 'orders:read orders:write' })
  const machine = await discover(id, openid.ClientSecretBasic(secret))
  const { access_token: token } = await openid.clientCredentialsGrant(machine)

  const { status, body: echo } = await api.call<Echo>('/echo/hello', { token })
  t.equal(status, 200)
  t.match(echo.headers, {
    'x-auth-subject': id,
    'x-auth-client': id,
    'x-auth-scope': 'orders:read orders:write',
    'x-auth-roles': '',
    'x-auth-expires': /^\d{10}$/
  })
  for (const name of ['x-auth-session', 'x-auth-email', 'authorization']) {
    t.notOk(name in echo.headers, `no ${name}`)
  }

  const order = { item: 'paper', quantity: 3 }
  const placed = await api.call('/orders', { token, json: order })
  t.equal(placed.status, 201)
  t.match((await api.call('/orders', { token })).body, { orders: [{ owner: id, ...order }] })

  const { access_token: less } = await openid.clientCredentialsGrant(machine, {
    scope: 'orders:read'
  })
  t.equal((await api.call('/orders', { token: less })).status, 200)
  t.equal((await api.call('/orders', { token: less, json: order })).status, 403)
  t.equal((await api.call('/auth/me', { token })).status, 403, 'a machine client has no account')
})

t.test('the library refreshes and ends a session', async (t) => {
  const { registered, discover, api } = system
  const machine = await registered({})
  const watcher = await discover(machine.id, openid.ClientSecretBasic(machine.secret))
  const app = await discover('gatehouse', openid.None())
  await api.register(ada.email, ada.password)
  const { body: login } = await api.login(ada.email, ada.password)
  const isActive = async (token: string) => (await openid.tokenIntrospection(watcher, token)).active

  const tokens = await openid.refreshTokenGrant(app, login.refreshToken)
  t.match(tokens, { token_type: 'bearer', scope: 'orders:read orders:write' })
  const { access_token: access, refresh_token: refresh = '' } = tokens
  t.strictSame(
    [await isActive(access), await isActive(refresh), await isActive(login.refreshToken)],
    [true, true, false]
  )
  t.match(await faultOf(openid.refreshTokenGrant(watcher, refresh)), { error: 'invalid_grant' })
  t.match(await faultOf(openid.tokenRevocation(watcher, refresh)), { error: 'invalid_grant' })
  t.equal((await api.call('/echo/x', { token: access })).status, 200)

  await openid.tokenRevocation(app, refresh)

  t.strictSame([await isActive(access), await isActive(refresh)], [false, false])
  t.match(await faultOf(openid.refreshTokenGrant(app, refresh)), {
    error: 'invalid_grant',
    status: 400
  })
  const asked = () => api.call('/echo/x', { token: access })
  const refused = await eventually(asked, ({ status }) => status === 401)
  t.equal(refused.body.code, 'SESSION_ENDED', 'at the gateway, too')

  const { body: again } = await api.login(ada.email, ada.password)
  await openid.tokenRevocation(app, again.accessToken)
  t.equal((await api.refresh(again.refreshToken)).status, 401, 'an access token ends it as well')
})

t.test('an operator adds a secret to a client, and disables it', async (t) => {
  const { ops, registered, discover } = system
  const { id, secret } = await registered({})
  const grants = async (text: string) => {
    const configuration = await discover(id, openid.ClientSecretBasic(text))
    return (await faultOf(openid.clientCredentialsGrant(configuration))) === null
  }
  const another = async () => String((await ops(['clients', 'secret', id, '--json'])).json.secret)
  const second = await another()
  t.ok((await grants(secret)) && (await grants(second)), 'two at a time')
  const third = await another()
  t.notOk(await grants(secret), 'the oldest has had its time')
  t.ok((await grants(second)) && (await grants(third)))

  const listed = await ops(['clients', 'list'])
  t.match(listed.stdout, /billing {2}orders:read introspect +client_secret_basic {2}enabled/)
  for (const text of [secret, second, third]) t.notMatch(listed.stdout, text)
  t.match(await ops(['clients', 'disable', id]), { code: 1, stderr: /--yes/ })
  t.equal((await ops(['clients', 'disable', id, '--yes'])).code, 0)
  t.notOk(await grants(third))
  t.equal((await ops(['clients', 'enable', id])).code, 0)
  t.ok(await grants(third))

  for (const words of [
    ['clients', 'create', '--name', '\u202e'],
    ['clients', 'create', '--name', 'x', '--scope', 'é'],
    ['clients', 'create', '--name', 'x', '--authentication', 'none'],
    ['clients', 'create', '--name', 'x', '--authentication', 'private_key_jwt'],
    ['clients', 'secret', 'none'],
    ['clients', 'enable', '00000000-0000-0000-0000-000000000000']
  ]) {
    t.match(
      await ops([...words, '--json']),
      { code: 1, json: { error: { detail: /./ } } },
      words.join(' ')
    )
  }
})

// Last, because it sends more requests than the limit allows.
t.test('all errors have the form of OAuth, even those of the gateway', async (t) => {
  const { url, issuer, registered } = system
  const { id, secret } = await registered({})
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const grant = 'grant_type=client_credentials'
  const send = async (body: string, headers: Record<string, string>) => {
    const answer = await fetch(`${url}/oauth/token`, { method: 'POST', body, headers })
    const type = answer.headers.get('content-type')
    t.match(type, /^application\/json/)
    t.equal(answer.headers.get('cache-control'), 'no-store')
    const { error } = (await answer.json()) as { error?: string }
    return { status: answer.status, headers: answer.headers, error }
  }

  t.match(await send(grant, { ...form, authorization }), { status: 200, error: undefined })
  const large = `${grant}&x=${'x'.repeat(20_000)}`
  t.match(await send(large, { ...form, authorization }), { status: 413, error: 'invalid_request' })
  const json = { 'content-type': 'application/json', authorization }
  t.match(await send('{}', json), { status: 415, error: 'invalid_request' })
  const wrong = { ...form, authorization: `Basic ${Buffer.from(`${id}:x`).toString('base64')}` }
  const refused = await send(grant, wrong)
  t.match(refused, { status: 401, error: 'invalid_client' })
  t.match(refused.headers.get('www-authenticate'), /^Basic realm=/)
  const bearer = { ...form, authorization: `Bearer ${secret}` }
  t.match(await send(grant, bearer), { status: 401, error: 'invalid_client' })

  const metadata = await fetch(`${url}/.well-known/oauth-authorization-server`)
  t.equal(metadata.headers.get('cache-control'), 'max-age=300')
  t.match(await metadata.json(), { issuer, jwks_uri: `${issuer}/.well-known/jwks.json` })

  let last = await send(grant, wrong)
  for (let calls = 0; calls < 2 * LOGINS_PER_MINUTE && last.status !== 429; calls += 1)
    last = await send('', form)
  t.match(last, { status: 429, error: 'temporarily_unavailable' })
  t.match(last.headers.get('retry-after'), /^[1-9]\d?$/)
})
