import t from 'tap'
import { smtpTransport } from '../../../../src/mail/transports/smtp-transport.ts'
import {
  audited,
  authService,
  email,
  password,
  registered,
  signedIn
} from '../../../fixtures/auth-service.ts'
import {
  badText,
  missing,
  nothing,
  refusesBodies,
  unreadable
} from '../../../fixtures/bad-bodies.ts'
import { databaseKinds } from '../../../fixtures/database/databases.ts'
import { headersOf, smtpInbox } from '../../../fixtures/mail/smtp-inbox.ts'
import { isProblem } from '../../../fixtures/problem.ts'
import { detail, newPassword, signsInWith, withMailbox } from '../fixtures/reset-mailbox.ts'

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: a link sets the password once, ends every session and notifies the user`,
    { skip },
    async (t) => {
      const auth = await withMailbox(t, await (await make(t)).open())
      const { user, tokens } = await signedIn(auth)
      await signedIn(auth, 'ben@example.com')
      const token = await auth.token()
      t.equal(await signsInWith(auth, password), true, 'a letter changes nothing')

      t.equal((await auth.reset(token)).statusCode, 204)
      const refreshed = await auth.post('/refresh-token', { refreshToken: tokens.refreshToken })
      isProblem(t, refreshed, { code: 'SESSION_ENDED' })
      t.equal(await signsInWith(auth, password), false)
      t.equal(await signsInWith(auth, newPassword), true)
      t.equal(await signsInWith(auth, password, 'ben@example.com'), true, 'another account')
      await auth.mail.deliverer.idle()
      t.match(auth.sent.at(-1), { letter: 'password-changed', to: email })
      t.match(auth.sent.at(-1)?.link, /forgot-password$/, 'without a token')

      isProblem(t, await auth.reset(token, password), { code: 'FORBIDDEN', detail }, 'again')
      t.equal(await signsInWith(auth, newPassword), true)
      const events = (await audited(auth)).filter(({ subject }) => subject === user.id)
      const kinds = events.map(({ kind }) => kind)
      for (const kind of ['password-reset-requested', 'password-reset', 'mail-token-refused']) {
        t.equal(kinds.filter((one) => one === kind).length, 1, kind)
      }
      const reset = events.find(({ kind }) => kind === 'password-reset')
      t.strictSame(JSON.parse(reset?.detail ?? ''), { ended: 2 })
    }
  )

  t.test(
    `${name}: of several resets at once, even with different links, one sets the password`,
    { skip },
    async (t) => {
      const auth = await withMailbox(t, await (await make(t)).open())
      await registered(auth)
      const links = [await auth.token(), await auth.token()]
      const passwords = Array.from({ length: 8 }, (_, at) => `a chosen password ${at}`)
      const answers = await Promise.all(
        passwords.map((chosen, at) => auth.reset(links[at % 2] ?? '', chosen))
      )
      const statuses = answers.map(({ statusCode }) => statusCode)
      t.equal(statuses.filter((status) => status === 204).length, 1)
      t.equal(statuses.filter((status) => status === 403).length, 7)
      const chosen = passwords[statuses.indexOf(204)] ?? ''
      t.equal(await signsInWith(auth, chosen), true)
      for (const link of links) t.equal((await auth.reset(link)).statusCode, 403, 'all are spent')
    }
  )
}

t.test('a letter arrives over SMTP, in the language of the reader', async (t) => {
  const { server, taken } = await smtpInbox(t)
  const from = { name: 'Example', address: 'no-reply@example.com' }
  const transport = smtpTransport({ server, from, requiresTls: false, ca: null, timeoutMs: 30_000 })
  const auth = await authService(t, { mail: { transport } })
  await registered(auth)
  const german = { 'accept-language': 'de-CH, en;q=0.5' }
  const answer = await auth.post('/password/forgot', { email: ` ${email.toUpperCase()}` }, german)
  t.equal(answer.statusCode, 202)
  t.strictSame(answer.json(), {})
  await auth.mail.deliverer.idle()
  const [{ source = '', to } = {}] = taken
  t.strictSame(to, [email])
  t.ok(headersOf(source).includes('Content-Language: de'))
  const unfolded = source.replaceAll('=\r\n', '').replaceAll('=3D', '=')
  const [, token = ''] = /reset-password#token=([\w-]{43})/.exec(unfolded) ?? []
  t.equal((await auth.post('/password/reset', { token, newPassword })).statusCode, 204)
})

t.test('a user is notified of a changed password', async (t) => {
  const auth = await withMailbox(t)
  const { user, tokens } = await signedIn(auth)
  const caller = await auth.gateway.signedIn({ subject: user.id, session: tokens.session.id })
  const change = { currentPassword: password, newPassword }
  const spanish = { ...caller, 'accept-language': 'es' }
  t.equal((await auth.post('/password', change, spanish)).statusCode, 204)
  t.equal((await auth.post('/password', change, spanish)).statusCode, 204, 'repeated')
  await auth.mail.deliverer.idle()
  t.match(auth.sent, [{ letter: 'password-changed', to: email, language: 'es' }])
})

t.test('invalid bodies are refused in the documented form', async (t) => {
  const auth = await withMailbox(t)
  await refusesBodies(t, auth, '/password/forgot', {
    ...unreadable({ email }),
    ...nothing,
    ...missing({ email }, 'email'),
    ...badText({ email }, 'email', 1, 254)
  })
  const valid = { token: 'a-token', newPassword }
  await refusesBodies(t, auth, '/password/reset', {
    ...unreadable(valid),
    ...nothing,
    ...missing(valid, 'token'),
    ...missing(valid, 'newPassword'),
    ...badText(valid, 'token', 1, 128),
    ...badText(valid, 'newPassword', 8, 256)
  })
  t.strictSame(await auth.database.selectFrom('deliveries').selectAll().execute(), [])
})
