import t, { type Test } from 'tap'
import { UNDO_DAYS } from '../../../../src/email-changes/email-changes.ts'
import { email, login, OPS_TOKEN, registered } from '../../../fixtures/auth-service.ts'
import { VERIFICATION_SECONDS } from '../../../fixtures/mail/mail-instance.ts'
import { isProblem } from '../../../fixtures/problem.ts'
import {
  forbidden,
  newEmail,
  ownerPassword,
  signedInUser,
  thiefs
} from '../fixtures/changing-email.ts'

async function setByOperator(t: Test, { ops, user }: Awaited<ReturnType<typeof signedInUser>>) {
  const url = `/ops/users/${user.id}/email`
  const headers = { authorization: `Bearer ${OPS_TOKEN}` }
  const set = await ops.inject({ method: 'PUT', url, headers, payload: { email: newEmail } })
  t.equal(set.statusCode, 200)
}

t.test(
  'letters go to the address as its owner typed it, whatever spelling another person types',
  async (t) => {
    const auth = await signedInUser(t)
    await registered(auth, ' Μάρκος@βόλος.example')
    const forgot = (address: string) => auth.post('/password/forgot', { email: address })
    await forgot('μάρκοσ@βόλοσ.example')
    await auth.mail.deliverer.idle()
    const own = 'Μάρκος@xn--nxasmm1c.example'
    t.strictSame(
      auth.sent.map(({ to }) => to),
      [own]
    )
    t.match(auth.sent[0]?.text, 'Μάρκος@βόλος.example')

    const greek = 'Ada@xn--oxapnm1c.example'
    await auth.ask('Ada@λόγος.example')
    const { token } = await auth.letter(greek)
    t.equal((await auth.post('/email/confirm', { token })).statusCode, 204)
    await auth.change('ada@example.org')
    const undo = (await auth.letter(greek)).token
    t.equal((await auth.post('/email/undo', { token: undo })).statusCode, 200)
    auth.clock.advance(1)
    await forgot('ada@λόγοσ.example')
    t.equal((await auth.letter(greek)).name, 'password-reset')
  }
)

t.test('a reset of the password makes a pending change of the address void', async (t) => {
  const auth = await signedInUser(t)
  await auth.ask(thiefs)
  const pending = (await auth.letter(thiefs)).token
  await auth.post('/password/forgot', { email })
  const { token } = await auth.letter(email)
  await auth.post('/password/reset', { token, newPassword: ownerPassword })
  isProblem(t, await auth.post('/email/confirm', { token: pending }), forbidden)
  t.equal(await auth.signIn(email, ownerPassword), 200)
})

t.test('a pending change of the address is void once its user has ended a session', async (t) => {
  const auth = await signedInUser(t)
  const own = await auth.gateway.signedIn({
    subject: auth.user.id,
    session: auth.tokens.session.id
  })
  const asking = async () => {
    auth.clock.advance(3_600_000)
    const { session, refreshToken } = await login(auth)
    const caller = await auth.gateway.signedIn({ subject: auth.user.id, session: session.id })
    t.equal((await auth.post('/email', { email: thiefs }, caller)).statusCode, 202)
    return { sid: session.id, refreshToken }
  }
  const end = async (url: string) => {
    const answer = await auth.service.inject({ method: 'DELETE', url, headers: own })
    t.equal(answer.statusCode, 204)
  }

  const { sid } = await asking()
  const pending = (await auth.letter(thiefs)).token
  await end(`/sessions/${sid}`)
  isProblem(t, await auth.post('/email/confirm', { token: pending }), forbidden)

  await asking()
  const sent = auth.sent.length
  await end('/sessions')
  await auth.mail.deliverer.idle()
  t.equal(auth.sent.length, sent, 'a letter that waits is not sent')

  const { refreshToken } = await asking()
  const { token } = await auth.letter(thiefs)
  await auth.post('/logout', { refreshToken })
  t.equal((await auth.post('/email/confirm', { token })).statusCode, 204, 'its user has left')
})

t.test(
  'a pending change of the address is void once an operator has set the address',
  async (t) => {
    const auth = await signedInUser(t)
    await auth.ask(thiefs)
    await setByOperator(t, auth)
    const sent = auth.sent.length
    await auth.mail.deliverer.idle()
    t.equal(auth.sent.length, sent, 'the letter that waits is not sent')
  }
)

t.test('both links expire, and the previous address is free again', async (t) => {
  const auth = await signedInUser(t)
  await auth.ask(newEmail)
  const { token } = await auth.letter(newEmail)
  auth.clock.advance(VERIFICATION_SECONDS * 1000)
  isProblem(t, await auth.post('/email/confirm', { token }), forbidden)
  t.equal((await auth.change(newEmail)).statusCode, 204)
  const undo = (await auth.letter(email)).token
  auth.clock.advance(UNDO_DAYS * 86_400_000)
  isProblem(t, await auth.post('/email/undo', { token: undo }), forbidden)
  await registered(auth)
})

t.test('only a signed-in user asks for another address, and for a different one', async (t) => {
  const auth = await signedInUser(t)
  t.equal((await auth.post('/email', { email: newEmail })).statusCode, 401)
  isProblem(t, await auth.ask(email), {
    code: 'INVALID_REQUEST',
    detail: 'body/email must be another address'
  })
  isProblem(t, await auth.ask('not an address'), {
    code: 'INVALID_REQUEST',
    detail: 'body/email must be an e-mail address'
  })
  await auth.mail.deliverer.idle()
  t.strictSame(auth.sent, [])
})

t.test(
  'no link of a thief outlives that of the owner, or the decision of an operator',
  async (t) => {
    const auth = await signedInUser(t)
    await auth.change(thiefs)
    auth.clock.advance(86_400_000)
    await auth.change(email)
    const back = (await auth.letter(thiefs)).token
    auth.clock.advance((UNDO_DAYS - 1) * 86_400_000)
    isProblem(t, await auth.post('/email/undo', { token: back }), forbidden, 'expires with it')

    await auth.change(thiefs)
    const undo = (await auth.letter(email)).token
    await setByOperator(t, auth)
    isProblem(t, await auth.post('/email/undo', { token: undo }), forbidden, 'an operator decided')
  }
)
