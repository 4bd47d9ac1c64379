import type { Kysely } from 'kysely'
import t, { type Test } from 'tap'
import type { Tables } from '../../../src/database/tables.ts'
import { UNDO_DAYS } from '../../../src/email-changes/email-changes.ts'
import {
  authService,
  email,
  login,
  OPS_TOKEN,
  password,
  registered
} from '../../fixtures/auth-service.ts'
import { databaseKinds } from '../../fixtures/databases.ts'
import { memoryTransport, tokenOf, VERIFICATION_SECONDS } from '../../fixtures/mail-instance.ts'
import { isProblem } from '../../fixtures/problem.ts'

const forbidden = { code: 'FORBIDDEN', detail: 'the link is unknown, used or expired' } as const
const newEmail = 'lovelace@example.com'
const thiefs = 'thief@example.net'
const ownerPassword = 'of the real owner'

/** A signed-in user, and the letters that the service sends. */
async function signedInUser(t: Test, database?: Kysely<Tables>) {
  const transport = memoryTransport()
  const auth = await authService(t, {
    mail: { transport },
    ...(database === undefined ? {} : { database })
  })
  const user = await registered(auth)
  const tokens = await login(auth)
  const { sent } = transport
  const letter = async (to: string) => {
    await auth.mail.deliverer.idle()
    const last = sent.findLast((one) => one.to === to)
    return { name: last?.letter, token: tokenOf(last ?? { link: 'x:' }) }
  }
  return {
    ...auth,
    user,
    tokens,
    sent,
    letter,
    async ask(address: string) {
      const caller = await auth.gateway.signedIn({ subject: user.id, session: tokens.session.id })
      return await auth.post('/email', { email: address }, caller)
    },
    /** The address is changed, as its owner confirms it. */
    async change(address: string) {
      const caller = await auth.gateway.signedIn({ subject: user.id, session: tokens.session.id })
      await auth.post('/email', { email: address }, caller)
      const { token } = await letter(address)
      return await auth.post('/email/confirm', { token })
    },
    signIn: async (who: string, chosen = password) =>
      (await auth.post('/login', { email: who, password: chosen })).statusCode
  }
}

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: a new address counts once it is confirmed, and sessions continue`,
    { skip },
    async (t) => {
      const auth = await signedInUser(t, await (await make(t)).open())
      t.equal((await auth.ask(newEmail)).statusCode, 202)
      const { name, token } = await auth.letter(newEmail)
      t.equal(name, 'change-email')
      t.equal(await auth.signIn(email), 200, 'nothing has changed')
      t.equal((await auth.post('/email/confirm', { token })).statusCode, 204)
      t.equal(await auth.signIn(email), 401)
      t.equal(await auth.signIn(newEmail), 200)
      const { refreshToken } = auth.tokens
      t.equal((await auth.post('/refresh-token', { refreshToken })).statusCode, 200)
      isProblem(t, await auth.post('/email/confirm', { token }), forbidden, 'once')
      t.equal((await auth.letter(email)).name, 'email-changed', 'the previous address is told')
    }
  )

  t.test(
    `${name}: the previous owner takes the account back, whatever a thief did meanwhile`,
    { skip },
    async (t) => {
      const auth = await signedInUser(t, await (await make(t)).open())
      await auth.change(thiefs)
      const undo = (await auth.letter(email)).token
      await auth.change('thief2@example.net')
      await auth.post('/password/forgot', { email: 'thief2@example.net' })
      const reset = await auth.letter('thief2@example.net')
      t.equal(reset.name, 'password-reset')
      const set = { token: reset.token, newPassword: 'the password of a thief' }
      t.equal((await auth.post('/password/reset', set)).statusCode, 204)
      t.equal(await auth.signIn('thief2@example.net', set.newPassword), 200)
      t.equal((await auth.post('/register', { email, password })).statusCode, 409, 'reserved')

      const undone = await auth.post('/email/undo', { token: undo })
      t.equal(undone.statusCode, 200)
      t.equal(await auth.signIn('thief2@example.net', set.newPassword), 401)
      t.equal(await auth.signIn(email, set.newPassword), 401)
      const { resetToken: token } = undone.json()
      await auth.post('/password/reset', { token, newPassword: ownerPassword })
      t.equal(await auth.signIn(email, ownerPassword), 200)
      const later = (await auth.letter(thiefs)).token
      isProblem(t, await auth.post('/email/undo', { token: later }), forbidden, 'no way back')
      isProblem(t, await auth.post('/email/undo', { token: undo }), forbidden, 'once')
    }
  )

  t.test(
    `${name}: a thief who undoes a change of their own leaves the owner's link as it is`,
    { skip },
    async (t) => {
      const auth = await signedInUser(t, await (await make(t)).open())
      await auth.change(thiefs)
      const undo = (await auth.letter(email)).token
      await auth.change('thief2@example.net')
      const own = (await auth.letter(thiefs)).token
      t.equal((await auth.post('/email/undo', { token: own })).statusCode, 200)
      t.equal((await auth.post('/register', { email, password })).statusCode, 409, 'reserved')
      const undone = await auth.post('/email/undo', { token: undo })
      t.equal(undone.statusCode, 200)
      const { resetToken: token } = undone.json()
      await auth.post('/password/reset', { token, newPassword: ownerPassword })
      t.equal(await auth.signIn(email, ownerPassword), 200)
    }
  )

  t.test(
    `${name}: an address that another account has is not taken, and the asker does not learn of it`,
    { skip },
    async (t) => {
      const auth = await signedInUser(t, await (await make(t)).open())
      await registered(auth, 'ben@example.com')
      const free = await auth.ask(newEmail)
      const taken = await auth.ask('ben@example.com')
      t.strictSame([taken.statusCode, taken.body], [free.statusCode, free.body])
      t.equal((await auth.letter('ben@example.com')).name, 'already-registered')
      const { token } = await auth.letter(newEmail)
      await registered(auth, newEmail)
      isProblem(t, await auth.post('/email/confirm', { token }), forbidden, 'taken meanwhile')
      t.equal(await auth.signIn(email), 200)
    }
  )
}

t.test('letters go to the address as its owner typed it, whatever another one types', async (t) => {
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
})

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
    const url = `/ops/users/${auth.user.id}/email`
    const headers = { authorization: `Bearer ${OPS_TOKEN}` }
    const set = await auth.ops.inject({ method: 'PUT', url, headers, payload: { email: newEmail } })
    t.equal(set.statusCode, 200)
    isProblem(t, await auth.post('/email/undo', { token: undo }), forbidden, 'an operator decided')
  }
)
