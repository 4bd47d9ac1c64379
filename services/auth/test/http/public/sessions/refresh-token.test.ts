import { decodeJwt } from 'jose'
import t from 'tap'
import {
  type AuthUnderTest,
  authService,
  disable,
  email,
  login,
  password,
  registered,
  signedIn,
  type Tokens,
  used
} from '../../../fixtures/auth-service.ts'
import { refusesBodies, unreadable } from '../../../fixtures/bad-bodies.ts'
import { policy, revokedSids } from '../../../fixtures/families/stores.ts'
import { isProblem } from '../../../fixtures/problem.ts'

const refresh = ({ post }: AuthUnderTest, refreshToken: string) =>
  post('/refresh-token', { refreshToken })

const detail = (rule: string) => `body/refreshToken must ${rule}`

t.test('a refresh gives new tokens of the same session', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  auth.clock.advance(60_000)

  const answer = await refresh(auth, tokens.refreshToken)

  const body: Tokens = answer.json()
  t.equal(answer.statusCode, 200)
  t.not(body.refreshToken, tokens.refreshToken)
  t.not(body.accessToken, tokens.accessToken)
  t.strictSame(body.session, tokens.session)
  t.equal(body.refreshExpiresIn, policy.idleSeconds, 'its idle lifetime starts again')
  t.equal(decodeJwt(body.accessToken).iat, auth.clock() / 1000)
  t.equal(answer.headers['cache-control'], 'no-store')
  t.notOk(answer.headers['set-cookie'], 'who asks with a body is answered in the body')
})

t.test('the spent token again, within grace, gives the same successor byte for byte', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const { refreshToken }: Tokens = (await refresh(auth, tokens.refreshToken)).json()
  auth.clock.advance(9_999)
  const again: Tokens = (await refresh(auth, tokens.refreshToken)).json()
  t.equal(again.refreshToken, refreshToken)
  t.equal(decodeJwt(again.accessToken).iat, Math.floor(auth.clock() / 1000), 'a fresh access token')
})

t.test('fifty tabs that refresh at once all continue with one successor', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => refresh(auth, tokens.refreshToken))
  )
  t.ok(answers.every(({ statusCode }) => statusCode === 200))
  const successors = new Set(answers.map((answer) => answer.json().refreshToken))
  t.equal(successors.size, 1)
  const [successor = ''] = successors
  t.equal((await refresh(auth, successor)).statusCode, 200, 'that works')
})

t.test('a session that was not used for its idle lifetime has expired', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  auth.clock.advance(policy.idleSeconds * 1000)
  isProblem(t, await refresh(auth, tokens.refreshToken), { code: 'SESSION_ENDED' })
})

t.test('a session ends at its absolute end, however often it is used', async (t) => {
  const auth = await authService(t)
  let { refreshToken, refreshExpiresIn } = (await signedIn(auth)).tokens
  const start = auth.clock()
  while (auth.clock() + refreshExpiresIn * 1000 < start + policy.absoluteSeconds * 1000) {
    auth.clock.advance((refreshExpiresIn - 1) * 1000)
    const tokens: Tokens = (await refresh(auth, refreshToken)).json()
    refreshToken = tokens.refreshToken
    refreshExpiresIn = tokens.refreshExpiresIn
  }
  t.ok(refreshExpiresIn < policy.idleSeconds, 'the last idle life is cut short')
  auth.clock.advance(refreshExpiresIn * 1000)
  isProblem(t, await refresh(auth, refreshToken), { code: 'SESSION_ENDED' })
})

t.test('an account that was disabled loses its session at the next refresh', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  await disable(auth, user.id)
  const answer = await refresh(auth, tokens.refreshToken)
  isProblem(t, answer, { code: 'SESSION_ENDED' })
  t.match(answer.headers['www-authenticate'], 'error="invalid_token"')
  t.strictSame(await revokedSids(auth.store), [tokens.session.id], 'the gateways are told')
})

t.test('a deleted account has no session', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  await auth.database.deleteFrom('accounts').execute()
  isProblem(t, await refresh(auth, tokens.refreshToken), { code: 'SESSION_ENDED' })
})

t.test('roles and scopes that changed are in the next access token', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const roles = JSON.stringify(['user', 'admin'])
  const change = { roles, scope: 'orders:read' }
  await auth.database.updateTable('accounts').set(change).where('id', '=', user.id).execute()
  const { accessToken }: Tokens = (await refresh(auth, tokens.refreshToken)).json()
  t.match(decodeJwt(accessToken), { roles: ['user', 'admin'], scope: 'orders:read' })
})

t.test('one session more than the limit ends the oldest', async (t) => {
  const auth = await authService(t)
  const { tokens: oldest } = await signedIn(auth)
  auth.clock.advance(1000)
  const second = await login(auth)
  auth.clock.advance(1000)
  for (let session = 2; session <= policy.sessionsPerUser; session++) await login(auth)
  isProblem(t, await refresh(auth, oldest.refreshToken), { code: 'SESSION_ENDED' })
  t.equal((await refresh(auth, second.refreshToken)).statusCode, 200, 'the next one lives')
})

t.test('a refresh without a token asks to sign in', async (t) => {
  const auth = await authService(t)
  for (const body of [undefined, '', 'null', {}]) {
    const answer = await auth.post(
      '/refresh-token',
      body,
      body === undefined ? {} : { 'content-type': 'application/json' }
    )
    const detail = 'neither the body nor a cookie has a refresh token'
    isProblem(t, answer, { code: 'UNAUTHENTICATED', detail }, JSON.stringify(body))
    t.equal(answer.headers['www-authenticate'], 'Bearer realm="gatehouse"', 'no error, no token')
  }
})

t.test('an invalid body is refused in the documented form', async (t) => {
  const auth = await authService(t)
  const valid = { refreshToken: 'canary-5c1f' }
  await refusesBodies(t, auth, '/refresh-token', {
    ...unreadable(valid),
    number: { body: { refreshToken: 7 }, detail: detail('be string') },
    null: { body: { refreshToken: null }, detail: detail('be string') },
    empty: { body: { refreshToken: '' }, detail: detail('not be empty') },
    'too long': {
      body: { refreshToken: 'canary-5c1f'.repeat(100) },
      detail: detail('have at most 1024 characters')
    }
  })
})

t.test(
  'every answer to a gateway about a refresh token names its session, even a refusal',
  async (t) => {
    const auth = await authService(t)
    const address = auth.gateway.from('203.0.113.5')
    const { user, tokens } = await signedIn(auth)
    const named = { 'x-auth-subject': user.id, 'x-auth-session': tokens.session.id }
    const { refreshToken } = tokens

    const answer = await auth.post('/refresh-token', { refreshToken }, address)
    t.match(answer.headers, named)
    await used(auth, answer.json().accessToken)
    auth.clock.advance(policy.graceSeconds * 1000)
    const replayed = await auth.post('/refresh-token', { refreshToken }, address)
    isProblem(t, replayed, { code: 'SESSION_ENDED' })
    t.match(replayed.headers, named, 'the one with which a thief shows itself')
    t.match((await auth.post('/logout', { refreshToken }, address)).headers, named)

    const forged = `${refreshToken.slice(0, -2)}AA`
    const unknown = await auth.post('/refresh-token', { refreshToken: forged }, address)
    const direct = await refresh(auth, refreshToken)
    for (const { headers } of [unknown, direct]) t.notOk('x-auth-session' in headers)
  }
)

t.test('an answer to a gateway about a login names the new session', async (t) => {
  const auth = await authService(t)
  const user = await registered(auth)
  const answer = await auth.post('/login', { email, password }, auth.gateway.from('203.0.113.5'))
  t.match(answer.headers, {
    'x-auth-subject': user.id,
    'x-auth-session': answer.json().session.id
  })
})
