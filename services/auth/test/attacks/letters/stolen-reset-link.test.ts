import t, { type Test } from 'tap'
import { audited, authService, email, password, registered } from '../../fixtures/auth-service.ts'
import { capturedLog } from '../../fixtures/captured-log.ts'
import { APP_URL, memoryTransport, tokenOf } from '../../fixtures/mail/mail-instance.ts'
import { isProblem } from '../../fixtures/problem.ts'

const newPassword = 'a staple of batteries'
const forbidden = { code: 'FORBIDDEN', detail: 'the link is unknown, used or expired' } as const

async function withMailbox(t: Test, more: Parameters<typeof authService>[1] = {}) {
  const transport = memoryTransport()
  const auth = await authService(t, { mail: { transport }, ...more })
  await registered(auth)
  return { auth, sent: transport.sent }
}

t.test('no header of a request changes where a link leads', async (t) => {
  const { auth, sent } = await withMailbox(t)
  const evil = 'evil.example'
  const doctored: Record<string, string>[] = [
    { host: evil },
    { 'x-forwarded-host': evil, 'x-forwarded-proto': 'http' },
    { forwarded: `host=${evil};proto=http` },
    { ...auth.gateway.from('192.0.2.7'), 'x-forwarded-host': evil }
  ]
  for (const headers of doctored) {
    await auth.post('/password/forgot', { email }, headers)
  }
  await auth.mail.deliverer.idle()
  t.equal(sent.length, 4)
  for (const { link, text, html } of sent) {
    t.ok(link.startsWith(`${APP_URL}/reset-password#token=`))
    t.notMatch(text + html, evil)
  }
})

t.test('a token is in no part of its link that browsers and servers pass on', async (t) => {
  const { auth, sent } = await withMailbox(t)
  await auth.post('/password/forgot', { email })
  await auth.mail.deliverer.idle()
  const [letter] = sent
  const link = new URL(letter?.link ?? '')
  t.equal(link.search, '')
  t.equal(link.href.replace(link.hash, ''), `${APP_URL}/reset-password`, 'what Referer can have')
  t.match(letter?.html, '<meta name="referrer" content="no-referrer">')
})

t.test('a scanner that opens links uses no token', async (t) => {
  const { auth, sent } = await withMailbox(t)
  await auth.post('/password/forgot', { email })
  await auth.mail.deliverer.idle()
  const token = tokenOf(sent[0] ?? { link: 'x:' })
  for (const method of ['GET', 'HEAD', 'OPTIONS'] as const) {
    for (const url of ['/password/reset', `/password/reset?token=${token}`]) {
      const { statusCode } = await auth.service.inject({ method, url })
      t.ok(statusCode === 404 || statusCode === 405, `${method} ${url}: ${statusCode}`)
    }
  }
  const rows = await auth.database.selectFrom('mail_tokens').select('used_at_ms').execute()
  t.strictSame(
    rows.map((row) => row.used_at_ms),
    [null]
  )
  t.equal((await auth.post('/password/reset', { token, newPassword })).statusCode, 204)
})

t.test('a reader of the database cannot use what is stored of a token', async (t) => {
  const { auth, sent } = await withMailbox(t)
  await auth.post('/password/forgot', { email })
  const waiting = await auth.database.selectFrom('deliveries').selectAll().execute()
  await auth.mail.deliverer.idle()
  const token = tokenOf(sent[0] ?? { link: 'x:' })
  const rows = await auth.database.selectFrom('mail_tokens').selectAll().execute()
  const stored = JSON.stringify([waiting, rows])
  t.notOk(stored.includes(token))
  const [{ digest = '' } = {}] = rows
  const answer = await auth.post('/password/reset', { token: digest, newPassword })
  isProblem(t, answer, forbidden)
})

t.test('guessed tokens are refused alike, noted a few times and limited per network', async (t) => {
  const { auth } = await withMailbox(t, { credentialsPerMinute: 20 })
  const answers = []
  for (let guess = 0; guess < 21; guess += 1) {
    const token = `${'A'.repeat(41)}${String(guess).padStart(2, '0')}`
    answers.push(await auth.post('/password/reset', { token, newPassword }))
  }
  const last = answers.pop()
  for (const answer of answers.slice(0, 19)) isProblem(t, answer, forbidden)
  t.equal(last?.statusCode, 429)
  const kinds = (await audited(auth)).map(({ kind }) => kind)
  t.ok(kinds.includes('mail-token-refused'))
  t.equal((await auth.post('/login', { email, password })).statusCode, 429, 'one limit for both')
})

t.test('a letter that was requested before a reset is not sent after it', async (t) => {
  const { auth, sent } = await withMailbox(t)
  await auth.post('/password/forgot', { email })
  await auth.mail.deliverer.idle()
  const token = tokenOf(sent[0] ?? { link: 'x:' })
  // No e-mail is sent meanwhile, as if the server did not answer.
  await auth.post('/password/forgot', { email })
  auth.clock.advance(1000)
  t.equal((await auth.post('/password/reset', { token, newPassword })).statusCode, 204)
  await auth.mail.deliverer.idle()
  const links = () => sent.filter(({ link }) => link.includes('#token=')).length
  t.equal(links(), 1, 'the one before the reset')
  auth.clock.advance(1000)
  await auth.post('/password/forgot', { email })
  await auth.mail.deliverer.idle()
  t.equal(links(), 2, 'and one that is asked for after it')
})

t.test('a letter with a link that has waited for half a day is not sent', async (t) => {
  const { auth, sent } = await withMailbox(t)
  await auth.post('/password/forgot', { email })
  auth.clock.advance(12 * 3_600_000 + 1)
  await auth.mail.deliverer.idle()
  t.strictSame(sent, [])
})

t.test('no token and no address of a reset is in the log', async (t) => {
  const { log, text } = capturedLog(t)
  const { auth, sent } = await withMailbox(t, { log })
  await auth.post('/password/forgot', { email })
  await auth.post('/password/forgot', { email: 'stranger@example.com' })
  await auth.mail.deliverer.idle()
  const token = tokenOf(sent[0] ?? { link: 'x:' })
  await auth.post('/password/reset', { token, newPassword: 'short' })
  await auth.post('/password/reset', { token, newPassword })
  await auth.post('/password/reset', { token, newPassword })
  const written = text() + JSON.stringify(await audited(auth))
  t.match(written, 'the token of an e-mail is unknown, used, expired or for something else')
  for (const secret of [token, newPassword, email, 'stranger@']) t.notOk(written.includes(secret))
})
