import t from 'tap'
import {
  disable,
  email,
  login,
  OPS_TOKEN,
  password,
  registered
} from '../../../fixtures/auth-service.ts'
import { RESET_SECONDS } from '../../../fixtures/mail/mail-instance.ts'
import { isProblem } from '../../../fixtures/problem.ts'
import { detail, signsInWith, withMailbox } from '../fixtures/reset-mailbox.ts'

t.test('a link expires, and is void once the password or the address has changed', async (t) => {
  const auth = await withMailbox(t)
  const user = await registered(auth)
  const operator = { authorization: `Bearer ${OPS_TOKEN}`, host: 'auth.internal' }
  const put = (what: string, payload: object) =>
    auth.ops.inject({
      method: 'PUT',
      url: `/ops/users/${user.id}/${what}`,
      payload,
      headers: operator
    })
  const isVoid = async (token: string, title: string) =>
    isProblem(t, await auth.reset(token), { code: 'FORBIDDEN', detail }, title)

  const expired = await auth.token()
  auth.clock.advance(RESET_SECONDS * 1000 - 1000)
  t.equal((await auth.reset(expired, 'short')).statusCode, 400, 'valid until then')
  auth.clock.advance(1000)
  await isVoid(expired, 'expired')

  const beforePassword = await auth.token()
  await put('password', { password })
  await isVoid(beforePassword, 'an operator has set a password')

  const beforeEmail = await auth.token()
  await put('email', { email: 'lovelace@example.com' })
  await isVoid(beforeEmail, 'the account has another address')
  t.equal(await signsInWith(auth, password, 'lovelace@example.com'), true)

  const beforeDisabled = await auth.token('lovelace@example.com')
  await disable(auth, user.id)
  await isVoid(beforeDisabled, 'the account is disabled')
})

t.test('a link still works after the new password was refused', async (t) => {
  const auth = await withMailbox(t)
  await registered(auth)
  const token = await auth.token()
  const refused = await auth.reset(token, email)
  isProblem(t, refused, {
    code: 'INVALID_REQUEST',
    detail: 'body/newPassword must not be the e-mail address'
  })
  t.equal((await auth.reset(token)).statusCode, 204)
})

t.test('a deleted account leaves no token, and gets no letter', async (t) => {
  const auth = await withMailbox(t)
  const user = await registered(auth)
  const token = await auth.token()
  await auth.post('/password/forgot', { email })
  await auth.ops.inject({
    method: 'DELETE',
    url: `/ops/users/${user.id}`,
    headers: { authorization: `Bearer ${OPS_TOKEN}`, host: 'auth.internal' }
  })
  t.strictSame(await auth.database.selectFrom('mail_tokens').selectAll().execute(), [])
  await auth.mail.deliverer.idle()
  t.equal(auth.sent.length, 1)
  isProblem(t, await auth.reset(token), { code: 'FORBIDDEN', detail })
  await registered(auth)
  isProblem(t, await auth.reset(token), { code: 'FORBIDDEN', detail }, 'nor for a later account')
  await login(auth)
})
