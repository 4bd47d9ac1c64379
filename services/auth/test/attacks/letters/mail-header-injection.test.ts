import t from 'tap'
import { insertAccount } from '../../../src/accounts/account-store.ts'
import { smtpTransport } from '../../../src/mail/transports/smtp-transport.ts'
import { authService } from '../../fixtures/auth-service.ts'
import { headersOf, smtpInbox } from '../../fixtures/mail/smtp-inbox.ts'

const hostile = [
  'victim@example.com,attacker@example.net',
  'ada@example.com\r\nBcc: attacker@example.net',
  '"ada@example.com>,<attacker"@example.net',
  'ada>,<attacker@example.net',
  'ada@example.com>\r\nRCPT TO:<attacker@example.net'
]

t.test('no address adds a header or a recipient', async (t) => {
  const { server, taken } = await smtpInbox(t)
  const transport = smtpTransport({
    server,
    from: { name: 'Example', address: 'no-reply@example.com' },
    requiresTls: false,
    ca: null,
    timeoutMs: 30_000
  })
  const auth = await authService(t, { mail: { transport, app: 'Example\r\nBcc: b@example.net' } })
  const source = { address: '192.0.2.1', requestId: 'a-request' }
  for (const email of [...hostile, 'ada@example.com']) {
    const { statusCode } = await auth.post('/password/forgot', { email })
    t.ok(statusCode === 202 || statusCode === 400, `${JSON.stringify(email)}: ${statusCode}`)
    // An account of an earlier version, or of another program, could have such an address.
    const account = { email, passwordHash: '', roles: [], scope: [] }
    await auth.database
      .transaction()
      .execute((transaction) => insertAccount(transaction, account, { source, clock: auth.clock }))
  }
  for (const email of hostile) {
    await auth.mail.mail.request(
      { letter: 'password-reset', email, subject: null, language: 'en', source },
      auth.clock()
    )
  }
  await auth.mail.deliverer.idle()
  t.strictSame(
    taken.map(({ to }) => to),
    [['ada@example.com']]
  )
  const headers = headersOf(taken[0]?.source ?? '')
  t.strictSame(
    headers.filter((header) => /^(to|cc|bcc):/i.test(header)),
    ['To: ada@example.com']
  )
  t.ok(headers.includes('Subject: Reset your password for Example Bcc: b@example.net'))
})
