import { randomUUID } from 'node:crypto'
import t from 'tap'
import { authService, email, signedIn } from '../../fixtures/auth-service.ts'
import { isProblem } from '../../fixtures/problem.ts'

t.test('me returns the current account and the session', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const headers = await auth.gateway.signedIn({ subject: user.id, session: tokens.session.id })
  await auth.database.updateTable('accounts').set({ roles: '["admin"]' }).execute()

  const answer = await auth.get('/me', headers)

  t.equal(answer.statusCode, 200)
  t.strictSame(answer.json(), {
    user: { id: user.id, email, roles: ['admin'] },
    session: { id: tokens.session.id }
  })
  t.equal(answer.headers['cache-control'], 'no-store')
})

t.test('/auth/me without an assertion gets 401', async (t) => {
  const { get } = await authService(t)
  const answer = await get('/me')
  isProblem(t, answer, { code: 'UNAUTHENTICATED' })
  t.equal(answer.headers['www-authenticate'], 'Bearer realm="gatehouse"')
})

t.test('a request for a deleted account gets 401', async (t) => {
  const { get, gateway } = await authService(t)
  const headers = await gateway.signedIn({ subject: randomUUID(), session: 'one' })
  isProblem(t, await get('/me', headers), { code: 'SESSION_ENDED' })
})
