import { randomUUID } from 'node:crypto'
import t from 'tap'
import { audited, authService, login, signedIn } from '../../../fixtures/auth-service.ts'
import { revokedSids } from '../../../fixtures/families/stores.ts'
import { isProblem } from '../../../fixtures/problem.ts'

t.test("logout-all ends every session of the user, and no one else's", async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const second = await login(auth)
  const { tokens: others } = await signedIn(auth, 'grace@example.com')
  const caller = { subject: user.id, session: tokens.session.id }

  const answer = await auth.post('/logout-all', undefined, await auth.gateway.signedIn(caller))

  t.equal(answer.statusCode, 204)
  t.equal(answer.body, '')
  const refresh = (refreshToken: string) => auth.post('/refresh-token', { refreshToken })
  isProblem(t, await refresh(tokens.refreshToken), { code: 'SESSION_ENDED' })
  isProblem(t, await refresh(second.refreshToken), { code: 'SESSION_ENDED' })
  t.equal((await refresh(others.refreshToken)).statusCode, 200)
  const revoked = [tokens.session.id, second.session.id].sort()
  t.strictSame((await revokedSids(auth.store)).sort(), revoked, 'both ends are published')
})

t.test('logout-all without an open session gets 204, and is not in the audit log', async (t) => {
  const auth = await authService(t)
  const headers = await auth.gateway.signedIn({ subject: randomUUID() })
  t.equal((await auth.post('/logout-all', undefined, headers)).statusCode, 204)
  const { user, tokens } = await signedIn(auth)
  const caller = { subject: user.id, session: tokens.session.id }
  const own = await auth.gateway.signedIn(caller)
  const others = await auth.service.inject({ method: 'DELETE', url: '/sessions', headers: own })
  t.equal(others.statusCode, 204)
  const kinds = (await audited(auth)).map(({ kind }) => kind)
  t.notOk(kinds.includes('logout-all'), kinds.join(' '))
})

t.test('logout-all needs a signed-in user', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  isProblem(t, await auth.post('/logout-all'), { code: 'UNAUTHENTICATED' })
  const forAnother = await auth.gateway.signedIn({ subject: user.id, route: 'orders' })
  isProblem(t, await auth.post('/logout-all', undefined, forAnother), { code: 'UNAUTHENTICATED' })
  const plain = { 'x-auth-subject': user.id, authorization: `Bearer ${tokens.accessToken}` }
  isProblem(t, await auth.post('/logout-all', undefined, plain), { code: 'UNAUTHENTICATED' })
  t.strictSame(await revokedSids(auth.store), [], 'no user was signed out')
})
