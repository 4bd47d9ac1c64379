import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { authority } from '@gatehouse/fixtures/certificates'
import t, { type Test } from 'tap'
import { headersOf, smtpInbox } from '../../fixtures/mail/smtp-inbox.ts'
import { from, letter, sending } from './fixtures/sending.ts'

t.test(
  'a letter has one recipient, both forms, and headers that answering machines know',
  async (t) => {
    const { server, taken } = await smtpInbox(t)
    t.strictSame(await sending(server), { outcome: 'delivered', status: 250 })
    t.match(taken, [{ from: from.address, to: [letter.to], secure: false }])
    const [{ source = '' } = {}] = taken
    const headers = headersOf(source)
    for (const header of [
      'To: ada@example.com',
      'Message-ID: <mail_7f1b0a52@example.com>',
      'Auto-Submitted: auto-generated',
      'Content-Language: de'
    ]) {
      t.ok(headers.includes(header), header)
    }
    t.equal(headers.filter((header) => /^(To|Cc|Bcc|Subject|From):/i.test(header)).length, 3)
    t.match(source, 'Content-Type: text/plain; charset=utf-8')
    t.match(source, 'Content-Type: text/html; charset=utf-8')
  }
)

/** A server with a certificate of an authority of its own, and the PEM of that authority. */
async function withTls(t: Test, options: Parameters<typeof smtpInbox>[1] = {}) {
  const { file, issue } = await authority(t)
  const files = await issue('localhost', ['127.0.0.1'])
  const inbox = await smtpInbox(t, {
    disabledCommands: ['AUTH'],
    key: readFileSync(files.key),
    cert: readFileSync(files.cert),
    ...options
  })
  return { ...inbox, ca: readFileSync(file, 'utf8') }
}

t.test(
  'a letter is sent with STARTTLS or implicit TLS, and only to a server that proves its name',
  async (t) => {
    const starting = await withTls(t)
    const { server, ca } = starting
    t.match(await sending(server, { ca, requiresTls: true }), { outcome: 'delivered' })
    t.match(await sending(server, { ca, requiresTls: false }), { outcome: 'delivered' })
    t.strictSame(
      starting.taken.map(({ secure }) => secure),
      [true, true],
      'TLS is used where the server has it'
    )
    const unproven = { outcome: 'failed', fault: 'tls', isFinal: false }
    t.match(await sending(server, { requiresTls: true }), unproven, 'an unknown authority')
    t.match(await sending(server), unproven, 'nor in the clear instead')

    const implicit = await withTls(t, { secure: true })
    t.match(await sending(implicit.server, { ca: implicit.ca }), { outcome: 'delivered' })
    t.match(await sending(implicit.server, { ca }), unproven, 'the authority of another server')
    t.equal(implicit.taken.length, 1)
  }
)

t.test(
  'a server without TLS gets neither the letter nor the password where TLS is required',
  async (t) => {
    const logins: string[] = []
    const { server, taken } = await smtpInbox(t, {
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth({ username = '' }, _session, done) {
        logins.push(username)
        done(null, { user: username })
      }
    })
    const user = { name: 'gatehouse', password: 'of the mail server' }
    const attempt = await sending({ ...server, user }, { requiresTls: true })
    t.match(attempt, { outcome: 'failed', fault: 'tls', isFinal: false })
    t.strictSame([taken, logins], [[], []])
    t.match(await sending({ ...server, user }), { outcome: 'delivered' }, 'an operator allowed it')
    t.strictSame(logins, ['gatehouse'])
  }
)

/** Answers each command of a dialogue (RFC 5321 §3.3) until STARTTLS, which it returns. */
const dialogue = (socket: Socket, answer: (command: string) => string): Promise<void> =>
  new Promise((resolve) => {
    const read = (data: Buffer): void => {
      for (const line of String(data).split('\r\n')) {
        if (line === '') continue
        if (line === 'STARTTLS') {
          socket.off('data', read)
          resolve()
          return
        }
        socket.write(answer(line.slice(0, 4)))
      }
    }
    socket.on('data', read)
  })

t.test('replies that were sent before TLS began do not count afterwards', async (t) => {
  const { file, issue } = await authority(t)
  const files = await issue('localhost', ['127.0.0.1'])
  const https = { key: readFileSync(files.key), cert: readFileSync(files.cert) }
  // With these, a letter would seem to be delivered.
  const injected = '250 SIZE 1000000\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n'
  const secured: string[] = []
  const server = createServer(async (socket) => {
    socket.on('error', () => {}).write('220 hi\r\n')
    await dialogue(socket, () => '250-hi\r\n250 STARTTLS\r\n')
    socket.write(`220 go\r\n${injected}`)
    const tls = new TLSSocket(socket, { isServer: true, ...https })
    await dialogue(
      tls.on('error', () => {}),
      (command) => {
        secured.push(command)
        return command === 'RCPT' ? '550 not here\r\n' : '250 ok\r\n'
      }
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const at = { kind: 'smtp', host: '127.0.0.1', port, secure: false, user: null } as const
  const attempt = await sending(at, { requiresTls: true, ca: readFileSync(file, 'utf8') })
  t.match(attempt, { outcome: 'failed', fault: 'refused', status: 550, isFinal: true })
  t.strictSame(secured.slice(0, 3), ['EHLO', 'MAIL', 'RCPT'])
})
