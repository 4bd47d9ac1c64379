import t from 'tap'
import { authService, email, signedIn } from '../../fixtures/auth-service.ts'
import { isProblem } from '../../fixtures/problem.ts'
import { forbidden, ownerPassword, thiefs } from '../../http/public/fixtures/changing-email.ts'
import { DAY_MS, deletingUser, GRACE_DAYS } from '../../http/public/fixtures/deleting.ts'

t.test('a thief who changes the address and deletes the account loses to the owner', async (t) => {
  const auth = await deletingUser(t)
  await auth.change(thiefs)
  const { token } = await auth.letter(email)
  t.equal((await auth.remove()).statusCode, 202)
  t.equal((await auth.letter(thiefs)).name, 'deletion-requested', 'only the thief is notified')
  auth.clock.advance(6 * DAY_MS)
  const undone = await auth.post('/email/undo', { token })
  t.equal(undone.statusCode, 200)
  auth.clock.advance(GRACE_DAYS * DAY_MS)
  await auth.eraseDue()
  t.ok(await auth.exists(), 'the link keeps the account')
  await auth.post('/password/forgot', { email })
  const { token: reset } = await auth.letter(email)
  await auth.post('/password/reset', { token: reset, newPassword: ownerPassword })
  t.equal((await auth.post('/login', { email, password: ownerPassword })).statusCode, 200)
})

t.test('an account is not deleted before its owner can no longer undo a change', async (t) => {
  const auth = await deletingUser(t)
  await auth.change(thiefs)
  const links = await auth.database.selectFrom('mail_tokens').selectAll().execute()
  const undo = links.find(({ purpose }) => purpose === 'email-undo')?.expires_at ?? 0
  // Later than the grace period, as with a short AUTH_DELETION_GRACE_DAYS.
  const late = undo + 2 * GRACE_DAYS * 86_400
  await auth.database.updateTable('mail_tokens').set({ expires_at: late }).execute()
  const { deletionAt } = (await auth.remove()).json()
  t.equal(Date.parse(deletionAt) / 1000, late)
})

t.test('a change that was not confirmed yet cannot be confirmed after a deletion', async (t) => {
  const auth = await deletingUser(t)
  await auth.ask(thiefs)
  const { token } = await auth.letter(thiefs)
  await auth.remove()
  isProblem(t, await auth.post('/email/confirm', { token }), forbidden)
})

t.test('a letter that changes the address is not sent after a deletion', async (t) => {
  const auth = await deletingUser(t)
  // No e-mail is sent meanwhile, as if the server did not answer.
  await auth.ask(thiefs)
  t.equal((await auth.remove()).statusCode, 202)
  t.equal((await auth.letter(thiefs)).name, undefined)
})

t.test('a session that has ended deletes nothing and exports nothing', async (t) => {
  const auth = await deletingUser(t)
  const { id } = (await auth.login()).json().session
  const headers = await auth.caller(id)
  const { refreshToken } = auth.tokens
  await auth.post('/logout', { refreshToken })
  isProblem(t, await auth.remove(), { code: 'SESSION_ENDED' })
  const exported = await auth.get('/account/export', await auth.caller())
  isProblem(t, exported, { code: 'SESSION_ENDED' })
  t.equal((await auth.get('/account/export', headers)).statusCode, 200, 'another one does')
  t.notOk((await auth.kinds()).includes('deletion-requested'))
})

t.test('nobody without a user session reaches the account of a user', async (t) => {
  const auth = await authService(t)
  const { user } = await signedIn(auth)
  const machine = await auth.gateway.signedIn({ subject: user.id })
  for (const [method, url] of [
    ['DELETE', '/account'],
    ['GET', '/account/export'],
    ['GET', '/account/export/events?after=0']
  ] as const) {
    isProblem(t, await auth.service.inject({ method, url }), { code: 'UNAUTHENTICATED' }, url)
    const answer = await auth.service.inject({ method, url, headers: machine })
    t.equal(answer.json().code, 'FORBIDDEN', url)
  }
})
