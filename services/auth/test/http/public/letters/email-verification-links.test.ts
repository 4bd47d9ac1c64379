import t from 'tap'
import { email, OPS_TOKEN, password } from '../../../fixtures/auth-service.ts'
import { VERIFICATION_SECONDS } from '../../../fixtures/mail/mail-instance.ts'
import { isProblem } from '../../../fixtures/problem.ts'
import { forbidden, madeByOperator, ownerPassword, withMailbox } from '../fixtures/unverified.ts'

t.test(
  'an account whose address is not verified cannot sign in where that is required',
  async (t) => {
    const auth = await withMailbox(t, 'required')
    await madeByOperator(auth, email)
    // Makes the account look like one from before the setting.
    await auth.database.updateTable('accounts').set({ email_verified_at: null }).execute()
    isProblem(t, await auth.signIn(password), {
      code: 'FORBIDDEN',
      detail: 'verify the e-mail address first'
    })
    isProblem(t, await auth.signIn('a wrong password'), {
      code: 'UNAUTHENTICATED',
      detail: 'the e-mail address or the password is wrong'
    })
    const sent = await auth.sendAgain()
    t.equal(sent.status, 202)
    const { token } = await auth.lastLetter()
    const { resetToken } = (await auth.verify(token, sent.body.pageSecret)).json()
    await auth.post('/password/reset', { token: resetToken, newPassword: ownerPassword })
    t.equal((await auth.signIn(ownerPassword)).statusCode, 200)
  }
)

t.test('an operator vouches for an address that the operator sets', async (t) => {
  const auth = await withMailbox(t, 'required')
  const made = await madeByOperator(auth, email)
  t.match(made.json(), { user: { emailVerified: true } })
  t.equal((await auth.signIn(password)).statusCode, 200)
})

t.test('an invitation is used when the address is proven, once', async (t) => {
  const auth = await withMailbox(t, 'required', { registration: 'invite' })
  const invited = await auth.ops.inject({
    method: 'POST',
    url: '/ops/invitations',
    payload: { roles: ['editor'] },
    headers: { authorization: `Bearer ${OPS_TOKEN}`, host: 'auth.internal' }
  })
  const invitation = invited.json().secret
  const links = []
  for (const who of [email, 'ben@example.com']) {
    const answer = await auth.post('/register', { email: who, password, invitation })
    t.equal(answer.statusCode, 202)
    links.push({ token: (await auth.lastLetter()).token, ...answer.json() })
  }
  const [first, second] = links
  t.equal((await auth.verify(first?.token ?? '', first?.pageSecret)).statusCode, 200)
  isProblem(t, await auth.verify(second?.token ?? '', second?.pageSecret), forbidden)
  const rows = await auth.database.selectFrom('accounts').selectAll().execute()
  t.strictSame(
    rows.map(({ email, roles }) => [email, roles]),
    [[email, '["editor"]']]
  )
})

t.test('a link expires, and a token of another purpose verifies nothing', async (t) => {
  const auth = await withMailbox(t, 'required')
  const { pageSecret } = (await auth.post('/register', { email, password })).json()
  const { token } = await auth.lastLetter()
  isProblem(
    t,
    await auth.post('/password/reset', { token, newPassword: ownerPassword }),
    forbidden,
    'it sets no password'
  )
  auth.clock.advance(VERIFICATION_SECONDS * 1000)
  isProblem(t, await auth.verify(token, pageSecret), forbidden)

  await madeByOperator(auth, 'made@example.com')
  await auth.post('/password/forgot', { email: 'made@example.com' })
  const reset = await auth.lastLetter()
  t.equal(reset.name, 'password-reset')
  isProblem(t, await auth.verify(reset.token), forbidden)
})
