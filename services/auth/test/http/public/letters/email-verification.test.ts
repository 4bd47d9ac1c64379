import t from 'tap'
import { audited, email, login, OPS_TOKEN, password } from '../../../fixtures/auth-service.ts'
import { databaseKinds } from '../../../fixtures/database/databases.ts'
import { VERIFICATION_SECONDS } from '../../../fixtures/mail/mail-instance.ts'
import { isProblem } from '../../../fixtures/problem.ts'
import { forbidden, ownerPassword, withMailbox } from '../fixtures/unverified.ts'

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: where verification is required, an account begins when its link is opened`,
    { skip },
    async (t) => {
      const auth = await withMailbox(t, 'required', {}, await (await make(t)).open())
      const answer = await auth.post('/register', { email, password })
      t.equal(answer.statusCode, 202)
      const { pageSecret } = answer.json()
      const { name, to, token } = await auth.lastLetter()
      t.strictSame([name, to], ['confirm-registration', email])
      isProblem(t, await auth.signIn(password), {
        code: 'UNAUTHENTICATED',
        detail: 'the e-mail address or the password is wrong'
      })
      const verified = await auth.verify(token, pageSecret)
      t.strictSame(verified.json(), { resetToken: null })
      t.equal((await auth.signIn(password)).statusCode, 200)
      isProblem(t, await auth.verify(token, pageSecret), forbidden, 'once')
      const kinds = (await audited(auth)).map(({ kind }) => kind)
      for (const kind of ['user-created', 'email-verified'] as const)
        t.ok(kinds.includes(kind), kind)

      await auth.post('/register', { email, password: 'of a stranger' })
      t.strictSame((await auth.lastLetter()).name, 'already-registered')
      t.equal((await auth.lastLetter()).token, '', 'without a token')
      t.equal((await auth.signIn('of a stranger')).statusCode, 401)
    }
  )

  t.test(
    `${name}: of two registrations of one address, the first that is proven becomes an account`,
    { skip },
    async (t) => {
      const auth = await withMailbox(t, 'required', {}, await (await make(t)).open())
      const links = []
      for (const chosen of [password, ownerPassword]) {
        const { pageSecret } = (await auth.post('/register', { email, password: chosen })).json()
        links.push({ ...(await auth.lastLetter()), pageSecret })
      }
      const answers = await Promise.all(
        links.map(({ token, pageSecret }) => auth.verify(token, pageSecret))
      )
      const statuses = answers.map(({ statusCode }) => statusCode)
      t.strictSame(statuses.toSorted(), [200, 403])
      const chosen = statuses[0] === 200 ? password : ownerPassword
      t.equal((await auth.signIn(chosen)).statusCode, 200)
      t.equal((await auth.database.selectFrom('accounts').selectAll().execute()).length, 1)
    }
  )

  t.test(
    `${name}: a stranger who registers an address first has nothing once its owner verifies it`,
    { skip },
    async (t) => {
      const database = await (await make(t)).open()
      const auth = await withMailbox(t, 'optional', {}, database)
      const strangers = await auth.post('/register', { email, password })
      t.equal(strangers.statusCode, 201)
      const { refreshToken } = await login(auth)
      const owners = (await auth.lastLetter()).token
      const reset = await auth.verify(owners)
      t.equal(reset.statusCode, 200)
      const { resetToken } = reset.json()
      const refreshed = await auth.post('/refresh-token', { refreshToken })
      isProblem(t, refreshed, { code: 'SESSION_ENDED' })
      t.equal((await auth.signIn(password)).statusCode, 401)
      const chosen = await auth.post('/password/reset', {
        token: resetToken,
        newPassword: ownerPassword
      })
      t.equal(chosen.statusCode, 204)
      t.equal((await auth.signIn(ownerPassword)).statusCode, 200)
      isProblem(t, await auth.verify(owners, strangers.json().pageSecret), forbidden)
    }
  )

  t.test(
    `${name}: a person who asks for a further letter proves nothing about the password`,
    { skip },
    async (t) => {
      const auth = await withMailbox(t, 'optional', {}, await (await make(t)).open())
      const strangers = (await auth.post('/register', { email, password })).json().pageSecret
      const { refreshToken } = await login(auth)
      await auth.mail.deliverer.idle()
      const made = (await auth.sendAgain()).body.pageSecret
      t.strictSame((await auth.sendAgain(made)).body, { pageSecret: made })
      const { token } = await auth.lastLetter()
      const { resetToken } = (await auth.verify(token, made)).json()
      t.type(resetToken, 'string', 'the owner chooses a password')
      t.equal((await auth.signIn(password)).statusCode, 401)
      t.equal((await auth.post('/refresh-token', { refreshToken })).statusCode, 401)

      await auth.database.updateTable('accounts').set({ email_verified_at: null }).execute()
      auth.clock.advance(1000)
      await auth.sendAgain(strangers)
      const later = (await auth.lastLetter()).token
      const again = (await auth.verify(later, strangers)).json()
      t.type(again.resetToken, 'string', 'the secret was that of the earlier password')
    }
  )

  t.test(
    `${name}: the person who registered keeps the password with a further letter`,
    { skip },
    async (t) => {
      const auth = await withMailbox(t, 'optional', {}, await (await make(t)).open())
      const { pageSecret } = (await auth.post('/register', { email, password })).json()
      await auth.mail.deliverer.idle()
      auth.clock.advance(VERIFICATION_SECONDS * 1000)
      const { refreshToken } = await login(auth)
      t.strictSame(await auth.sendAgain(pageSecret), { status: 202, body: { pageSecret } })
      const { token } = await auth.lastLetter()
      t.strictSame((await auth.verify(token, pageSecret)).json(), { resetToken: null })
      t.equal((await auth.post('/refresh-token', { refreshToken })).statusCode, 200)
    }
  )
}

t.test('a stranger who registered has nothing if the owner resets the password', async (t) => {
  const auth = await withMailbox(t, 'optional')
  const { pageSecret } = (await auth.post('/register', { email, password })).json()
  const strangers = (await auth.lastLetter()).token
  const { refreshToken } = await login(auth)
  await auth.post('/password/forgot', { email })
  const { token } = await auth.lastLetter()
  await auth.post('/password/reset', { token, newPassword: ownerPassword })
  t.equal((await auth.post('/refresh-token', { refreshToken })).statusCode, 401)
  isProblem(t, await auth.verify(strangers, pageSecret), forbidden, 'the earlier link is void')
  const [row] = await auth.database.selectFrom('accounts').selectAll().execute()
  t.type(row?.email_verified_at, 'number', 'a reset proves the address')
})

t.test('a link opened in the same browser keeps the password and the sessions', async (t) => {
  const auth = await withMailbox(t, 'optional')
  const { user, pageSecret } = (await auth.post('/register', { email, password })).json()
  const { refreshToken } = await login(auth)
  const { name, token } = await auth.lastLetter()
  t.equal(name, 'verify-email')
  t.strictSame((await auth.verify(token, pageSecret)).json(), { resetToken: null })
  t.equal((await auth.post('/refresh-token', { refreshToken })).statusCode, 200)
  const shown = await auth.ops.inject({
    url: `/ops/users/${user.id}`,
    headers: { authorization: `Bearer ${OPS_TOKEN}`, host: 'auth.internal' }
  })
  t.match(shown.json(), { user: { emailVerified: true } })
  await auth.post('/email/verify/send', { email })
  await auth.mail.deliverer.idle()
  t.equal(auth.sent.length, 1, 'a verified address gets no letter')
})
