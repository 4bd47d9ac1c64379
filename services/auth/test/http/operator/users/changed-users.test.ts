import t from 'tap'
import { issueToken, newToken } from '../../../../src/link-tokens/link-tokens.ts'
import { audited, email, password, registered, signedIn } from '../../../fixtures/auth-service.ts'
import { revokedSids } from '../../../fixtures/families/stores.ts'
import { operating, refresh, wrongCredentials } from '../../../fixtures/operating.ts'
import { isProblem } from '../../../fixtures/problem.ts'

t.test(
  'a password that an operator sets replaces the old one and ends every session',
  async (t) => {
    const { auth, call } = await operating(t)
    const { user, tokens } = await signedIn(auth)
    const path = `/ops/users/${encodeURIComponent(email)}/password`

    const answer = await call('PUT', path, { password: 'a new password' })

    t.match(answer.json(), { user: { id: user.id }, ended: 1 })
    t.strictSame(await revokedSids(auth.store), [tokens.session.id], 'every gateway hears of it')
    isProblem(t, await refresh(auth, tokens.refreshToken), { code: 'SESSION_ENDED' })
    isProblem(t, await auth.post('/login', { email, password }), wrongCredentials)
    const login = await auth.post('/login', { email, password: 'a new password' })
    t.equal(login.statusCode, 200)
    for (const password of ['short', 'password', email, 'a new \ud800', 7]) {
      const refused = await call('PUT', path, { password })
      t.match(refused.json(), { code: 'INVALID_REQUEST' }, 'by the rules of a registration')
    }
    t.match((await call('PUT', path, { password, more: 1 })).json(), { code: 'INVALID_REQUEST' })
  }
)

t.test('a new password ends the wait that guesses of strangers have caused', async (t) => {
  const { auth, call } = await operating(t)
  const { id } = await registered(auth)
  const login = (password: string) => auth.post('/login', { email, password })
  for (let guess = 0; guess < 6; guess++) isProblem(t, await login('a guess'), wrongCredentials)
  isProblem(t, await login(password), { code: 'RATE_LIMITED' }, 'the owner is new here')
  const next = 'a new password'
  t.equal((await call('PUT', `/ops/users/${id}/password`, { password: next })).statusCode, 200)
  t.equal((await login(next)).statusCode, 200)
})

t.test('an operator changes the scope and the address; sessions continue', async (t) => {
  const { auth, call } = await operating(t)
  const { user, tokens } = await signedIn(auth)
  await registered(auth, 'eve@example.com')
  const scope = ['orders:read', 'reports']
  const scoped = await call('PUT', `/ops/users/${user.id}/scope`, { scope })
  t.match(scoped.json().user, { id: user.id, scope })
  const moved = await call('PUT', `/ops/users/${email}/email`, { email: ' Ada@New.Example ' })
  t.match(moved.json().user, { id: user.id, email: 'ada@new.example', scope })

  const { accessToken, refreshToken } = (await refresh(auth, tokens.refreshToken)).json()
  const [, claims = ''] = accessToken.split('.')
  t.match(JSON.parse(Buffer.from(claims, 'base64url').toString()), {
    scope: scope.join(' '),
    email: 'ada@new.example'
  })
  isProblem(t, await auth.post('/login', { email, password }), wrongCredentials)
  t.equal((await auth.post('/login', { email: 'ada@new.example', password })).statusCode, 200)

  const path = `/ops/users/${user.id}/email`
  isProblem(t, await call('PUT', path, { email: 'eve@example.com' }), {
    code: 'CONFLICT',
    detail: 'the e-mail address is taken'
  })
  isProblem(t, await call('PUT', path, { email: 'nobody' }), {
    code: 'INVALID_REQUEST',
    detail: 'body/email must be an e-mail address'
  })
  for (const body of [{}, { scope: 'a' }, { scope: ['a b'] }, { scope: [], x: 1 }]) {
    t.equal((await call('PUT', `/ops/users/${user.id}/scope`, body)).statusCode, 400)
  }
  t.equal((await call('PUT', path, { email: 'Ada@New.Example' })).statusCode, 200, 'no change')
  t.equal((await refresh(auth, refreshToken)).statusCode, 200)
  const kinds = (await audited(auth)).map(({ kind }) => kind)
  t.equal(kinds.filter((kind) => kind === 'email-changed').length, 1, 'and no event of it')
})

t.test(
  'an operator verifies an address by setting it, even the address that the account has',
  async (t) => {
    const { auth, call } = await operating(t)
    const user = await registered(auth)
    const path = `/ops/users/${user.id}/email`
    t.match((await call('GET', `/ops/users/${user.id}`)).json().user, { emailVerified: false })
    t.match((await call('PUT', path, { email })).json().user, { email, emailVerified: true })
    t.match((await call('GET', `/ops/users/${user.id}`)).json().user, { emailVerified: true })

    const undo = (id: string, email: string) => ({
      token: newToken(),
      purpose: 'email-undo' as const,
      owner: { id, email, passwordVersion: 0 },
      lifetimeSeconds: 60
    })
    const eve = await registered(auth, 'eve@example.com')
    await issueToken(auth.database, undo(user.id, 'previous@example.com'), auth.clock())
    const reserved = () =>
      call('PUT', `/ops/users/${eve.id}/email`, { email: 'previous@example.com' })
    isProblem(t, await reserved(), { code: 'CONFLICT', detail: 'the e-mail address is taken' })
    t.equal((await call('PUT', path, { email })).statusCode, 200)
    t.equal((await reserved()).statusCode, 200, 'links that undo earlier changes are void')
  }
)

t.test('roles are in the next access token', async (t) => {
  const { auth, call } = await operating(t)
  const { user, tokens } = await signedIn(auth)
  const answer = await call('PUT', `/ops/users/${user.id}/roles`, { roles: ['admin'] })
  t.match(answer.json().user, { id: user.id, roles: ['admin'] })
  const { accessToken } = (await refresh(auth, tokens.refreshToken)).json()
  const [, claims = ''] = accessToken.split('.')
  t.strictSame(JSON.parse(Buffer.from(claims, 'base64url').toString()).roles, ['admin'])
  for (const body of [
    {},
    { roles: 'admin' },
    { roles: [''] },
    { roles: ['a,b'] },
    { roles: [], x: 1 }
  ]) {
    t.equal((await call('PUT', `/ops/users/${user.id}/roles`, body)).statusCode, 400)
  }
})
