import { settingsFaults } from '@gatehouse/fixtures/settings-faults'
import t from 'tap'
import { readConfig } from '../../src/config.ts'
import { mailableAddress, readSender } from '../../src/mail/mail-address.ts'
import { mailServerOf, requiresTls } from '../../src/mail/mail-settings.ts'

const server = (host: string) =>
  ({ kind: 'smtp', host, port: 587, secure: false, user: null }) as const

t.test('AUTH_MAIL_URL names an SMTP server or a webhook', async (t) => {
  t.strictSame(mailServerOf('smtp://mail.example.com'), server('mail.example.com'))
  t.strictSame(mailServerOf('smtps://a%40b:p%2Fw@[::1]:2465/'), {
    kind: 'smtp',
    host: '::1',
    port: 2465,
    secure: true,
    user: { name: 'a@b', password: 'p/w' }
  })
  t.match(mailServerOf('smtps://mail.example.com'), { port: 465, secure: true })
  t.match(mailServerOf('https://hooks.example.com/mail?x=1'), { kind: 'webhook' })
  for (const text of [
    'mail.example.com:587',
    'smtp://',
    'smtp://mail.example.com/path',
    'smtp://mail.example.com?tls=off',
    'https://user:password@hooks.example.com/',
    'ftp://mail.example.com',
    ''
  ]) {
    t.equal(mailServerOf(text), null, text)
  }
})

t.test(
  'TLS is required unless the server is on this machine, or an operator says otherwise',
  async (t) => {
    for (const host of ['mail.example.com', '10.0.0.1', 'localhost.example.com']) {
      t.equal(requiresTls(server(host), 'required'), true, host)
      t.equal(requiresTls(server(host), 'optional'), false, host)
    }
    for (const host of ['127.0.0.1', '::1', 'localhost']) {
      t.equal(requiresTls(server(host), 'required'), false, host)
    }
  }
)

/** The faults of mail settings. */
const faultsOf = (settings: Record<string, string>): string[] =>
  settingsFaults(() => readConfig(settings)).filter((fault) => /AUTH_(MAIL|APP)/.test(fault))

t.test('mail needs a sender, and in production an https address for its links', async (t) => {
  const sound = {
    AUTH_MAIL_URL: 'smtp://mail.example.com',
    AUTH_MAIL_FROM: 'Example <no-reply@example.com>',
    AUTH_APP_URL: 'https://app.example.com',
    NODE_ENV: 'production'
  }
  t.strictSame(faultsOf(sound), [])
  t.strictSame(faultsOf({ NODE_ENV: 'production' }), [], 'without mail')
  t.match(faultsOf({ ...sound, AUTH_MAIL_URL: 'mail.example.com' }), [/^AUTH_MAIL_URL must be/])
  t.match(faultsOf({ ...sound, AUTH_MAIL_FROM: '' }), [/^AUTH_MAIL_FROM must be set/])
  t.match(faultsOf({ ...sound, AUTH_APP_URL: '' }), [/^AUTH_APP_URL must be set/])
  t.match(faultsOf({ ...sound, AUTH_APP_URL: 'http://app.example.com' }), [/an https URL/])
  t.match(faultsOf({ AUTH_MAIL_FROM: 'a@example.com, b@example.com' }), [/^AUTH_MAIL_FROM/])
  const webhook = { ...sound, AUTH_MAIL_URL: 'https://hooks.example.com/mail' }
  t.match(faultsOf(webhook), [/^AUTH_MAIL_WEBHOOK_SECRET must be set/])
  const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
  t.strictSame(faultsOf({ ...webhook, AUTH_MAIL_WEBHOOK_SECRET: secret }), [])
  const clear = { ...webhook, AUTH_MAIL_URL: 'http://hooks.example.com/mail' }
  t.match(faultsOf({ ...clear, AUTH_MAIL_WEBHOOK_SECRET: secret }), [/https URL, unless/])
  const shown = faultsOf({ ...sound, AUTH_MAIL_URL: 'smtp://user:secret@host/path' }).join()
  t.notMatch(shown, 'secret', 'the password is not shown')
})

t.test('pages in production need an https address, because letters lead to them', async (t) => {
  const faults = (settings: Record<string, string>) =>
    settingsFaults(() => readConfig({ NODE_ENV: 'production', ...settings })).filter((fault) =>
      fault.includes('AUTH_PAGES')
    )
  t.match(faults({ AUTH_PAGES: 'on' }), [/^TOKEN_ISSUER must be the https URL/])
  t.match(faults({ AUTH_PAGES: 'on', TOKEN_ISSUER: 'http://auth.example.com' }), [/^TOKEN_ISSUER/])
  t.strictSame(faults({ AUTH_PAGES: 'on', TOKEN_ISSUER: 'https://auth.example.com' }), [])
  t.strictSame(faults({ TOKEN_ISSUER: 'http://auth.example.com' }), [])
})

const mailable = (email: string) => mailableAddress({ email, emailTyped: null })

t.test('no mail goes to an address that a header could read as another one', async (t) => {
  t.equal(mailable('ada@bücher.example'), 'ada@xn--bcher-kva.example')
  t.equal(mailable("o'neil+x_{tag}@example.com"), "o'neil+x_{tag}@example.com")
  t.equal(mailable('дмитрий@example.com'), 'дмитрий@example.com')
  t.equal(mailable('σοφία@βιβλία.example'), 'σοφία@xn--kxaeba8an.example')
  for (const email of [
    'a,b@example.com',
    '"a"@example.com',
    'a<b>@example.com',
    'a>,<b@example.com',
    'a\r\nBcc: b@example.com',
    'a b@example.com',
    'a;b@example.com',
    '(a)b@example.com',
    'a@[127.0.0.1]',
    'a@-> b',
    // The stored form. The user may have typed a final sigma, which makes another address.
    'user@βόλοσ.com',
    'user@mail.οδόσ.example',
    'user@οδόσαθηνα.example',
    'μάρκοσ@example.com',
    'μάρκοσ.σ@example.com',
    'drill-1@drill.invalid',
    '@example.com',
    'a'
  ]) {
    t.equal(mailable(email), null, JSON.stringify(email))
  }
})

t.test('a letter goes to an address as it was typed, if that is known', async (t) => {
  const typed = (emailTyped: string) => mailableAddress({ email: 'a@example.com', emailTyped })
  t.equal(typed('user@βόλος.com'), 'user@xn--nxasmm1c.com')
  t.equal(typed('user@βόλοσ.com'), 'user@xn--nxasmq6b.com')
  t.equal(typed('Μάρκος@EXAMPLE.com'), 'Μάρκος@example.com')
  for (const text of ['a,b@example.com', 'a>,<b@example.com', 'a\r\nBcc: b@example.com']) {
    t.equal(typed(text), null)
  }
})

t.test('a sender is one address, with a name or without', async (t) => {
  t.strictSame(readSender('Äpfel & Co <no-reply@example.com>'), {
    name: 'Äpfel & Co',
    address: 'no-reply@example.com'
  })
  t.match(readSender('no-reply@κόσμοι.example'), { address: 'no-reply@xn--uxabgms7c.example' })
  t.strictSame(readSender(' no-reply@example.com '), { name: '', address: 'no-reply@example.com' })
  for (const text of [
    '',
    'Example',
    'a@example.com, b@example.com',
    'Example <a@example.com>, <b@example.com>',
    'Example\r\nBcc: x <a@example.com>',
    '<>'
  ]) {
    t.equal(readSender(text), null, JSON.stringify(text))
  }
})
