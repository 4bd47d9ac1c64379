import type { Kysely } from 'kysely'
import t, { type Test } from 'tap'
import type { Tables } from '../../../src/database/tables.ts'
import {
  audited,
  authService,
  email,
  login,
  OPS_TOKEN,
  password
} from '../../fixtures/auth-service.ts'
import { databaseKinds } from '../../fixtures/databases.ts'
import { memoryTransport, tokenOf, VERIFICATION_SECONDS } from '../../fixtures/mail-instance.ts'
import { isProblem } from '../../fixtures/problem.ts'

const forbidden = { code: 'FORBIDDEN', detail: 'the link is unknown, used or expired' } as const
const ownerPassword = 'of the real owner'

type Options = Parameters<typeof authService>[1]

/** A service that verifies addresses, and the letters that it sends. */
async function withMailbox(
  t: Test,
  emailVerification: 'off' | 'optional' | 'required',
  more: Options = {},
  database?: Kysely<Tables>
) {
  const transport = memoryTransport()
  const auth = await authService(t, {
    mail: { transport },
    emailVerification,
    ...more,
    ...(database === undefined ? {} : { database })
  })
  const { sent } = transport
  return {
    ...auth,
    sent,
    async lastLetter() {
      await auth.mail.deliverer.idle()
      const last = sent.at(-1)
      return { name: last?.letter, to: last?.to, token: tokenOf(last ?? { link: 'x:' }) }
    },
    verify: (token: string, pageSecret?: string) =>
      auth.post('/email/verify', { token, ...(pageSecret === undefined ? {} : { pageSecret }) }),
    signIn: (chosen: string, who = email) => auth.post('/login', { email: who, password: chosen })
  }
}

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
}

t.test('a stranger has nothing either if the owner resets the password', async (t) => {
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

t.test('who registers and opens the link in one browser keeps password and sessions', async (t) => {
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

t.test(
  'an account whose address is not verified cannot sign in where that is required',
  async (t) => {
    const auth = await withMailbox(t, 'required')
    await madeByOperator(auth, email)
    // As an account from before the setting.
    await auth.database.updateTable('accounts').set({ email_verified_at: null }).execute()
    isProblem(t, await auth.signIn(password), {
      code: 'FORBIDDEN',
      detail: 'verify the e-mail address first'
    })
    isProblem(t, await auth.signIn('a wrong password'), {
      code: 'UNAUTHENTICATED',
      detail: 'the e-mail address or the password is wrong'
    })
    const sent = await auth.post('/email/verify/send', { email })
    t.equal(sent.statusCode, 202)
    const { token } = await auth.lastLetter()
    const answer = await auth.verify(token, sent.json().pageSecret)
    t.strictSame(answer.json(), { resetToken: null })
    t.equal((await auth.signIn(password)).statusCode, 200)
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

/** An operator makes an account. */
const madeByOperator = (auth: Awaited<ReturnType<typeof withMailbox>>, who: string) =>
  auth.ops.inject({
    method: 'POST',
    url: '/ops/users',
    payload: { email: who, password },
    headers: { authorization: `Bearer ${OPS_TOKEN}`, host: 'auth.internal' }
  })
