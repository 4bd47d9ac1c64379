import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { eventually } from '@gatehouse/fixtures/client'
import t, { type Test } from 'tap'
import { reply, type SmtpInbox, smtpInbox } from '../../fixtures/mail/smtp-inbox.ts'
import { sending } from './fixtures/sending.ts'

t.test(
  'a wrong login and a refused sender are repeated, because an operator can correct them',
  async (t) => {
    const { server, taken } = await smtpInbox(t, {
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      authOptional: true,
      onAuth: (_auth, _session, done) => done(reply(535)),
      onMailFrom: (_address, _session, done) => done(reply(550))
    })
    const user = { name: 'gatehouse', password: 'wrong' }
    t.match(await sending({ ...server, user }), {
      outcome: 'failed',
      fault: 'authentication',
      isFinal: false
    })
    t.match(await sending(server), { fault: 'status', status: 550, isFinal: false })
    t.strictSame(taken, [])
  }
)

t.test(
  'a recipient that is refused for now is tried again, one that is refused for good is not',
  async (t) => {
    const codes = [451, 550]
    const { server } = await smtpInbox(t, {
      onRcptTo: (_address, _session, done) => done(reply(codes.shift() ?? 250))
    })
    t.match(await sending(server), { fault: 'deferred', status: 451, isFinal: false })
    t.match(await sending(server), { fault: 'refused', status: 550, isFinal: true })

    const contents = await smtpInbox(t, {
      onData(stream, _session, done) {
        stream.resume()
        stream.once('end', () => done(reply(554)))
      }
    })
    t.match(await sending(contents.server), { fault: 'refused', status: 554, isFinal: true })
  }
)

/** A server that treats a connection as the test says. */
async function badServer(t: Test, act: (socket: Socket) => void): Promise<SmtpInbox['server']> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    act(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return { kind: 'smtp', host: '127.0.0.1', port, secure: false, user: null }
}

t.test('an attempt ends in time, whatever the server does', async (t) => {
  const silent = await badServer(t, () => {})
  t.match(await sending(silent, { timeoutMs: 50 }), { fault: 'timeout' })

  const trickling = await badServer(t, (socket) => {
    const timer = setInterval(() => socket.write('220-wait\r\n'), 10)
    socket.once('close', () => clearInterval(timer))
  })
  t.match(await sending(trickling, { timeoutMs: 200 }), { fault: 'timeout' })

  const asking = await badServer(t, (socket) => {
    socket.write('220 ready\r\n')
    socket.on('data', (data) => {
      if (!/^RCPT/m.test(String(data))) socket.write('250 fine\r\n')
    })
  })
  t.match(await sending(asking, { timeoutMs: 200 }), { fault: 'recipient-timeout' })

  const dropping = await badServer(t, (socket) => {
    socket.write('220 ready\r\n')
    socket.on('data', (data) => {
      if (/^DATA/m.test(String(data))) socket.destroy()
      else socket.write('250 fine\r\n')
    })
  })
  t.match(await sending(dropping), { fault: 'connection-lost', isFinal: false })

  const closed = await badServer(t, (socket) => socket.end())
  t.match(await sending(closed), { fault: 'connection-lost', isFinal: false })

  const noise = await badServer(t, (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
  t.match(await sending(noise), { outcome: 'failed', isFinal: false })

  t.match(await sending({ ...silent, port: 1 }), { fault: 'connection-refused' })
})

t.test('an attempt that the end of the process interrupts does not count', async (t) => {
  const silent = await badServer(t, () => {})
  const stopping = new AbortController()
  const attempt = sending(silent, {}, stopping.signal)
  stopping.abort()
  t.strictSame(await attempt, { outcome: 'stopped' })
  t.strictSame(await sending(silent, {}, stopping.signal), { outcome: 'stopped' })
})

/**
 * A server that accepts e-mails, but from some stage on sends empty lines without end, or nothing.
 */
async function hostile(t: Test, stage: 'greeting' | 'EHLO' | 'QUIT', piece: Buffer | null) {
  const state = { taken: 0, sockets: new Set<Socket>() }
  const server = createServer((socket) => {
    state.sockets.add(socket)
    socket.on('error', () => {}).once('close', () => state.sockets.delete(socket))
    const flood = (): void => {
      if (piece !== null && socket.writable) socket.write(piece, () => setImmediate(flood))
    }
    if (stage === 'greeting') return flood()
    socket.write('220 hi\r\n')
    let isData = false
    socket.on('data', (data) => {
      for (const line of String(data)
        .split('\r\n')
        .filter((one) => one !== '')) {
        if (line.startsWith(stage)) flood()
        else if (isData && line === '.') {
          state.taken += 1
          isData = false
          socket.write('250 ok\r\n')
        } else if (line === 'DATA') {
          isData = true
          socket.write('354 go\r\n')
        } else if (!isData) socket.write('250 ok\r\n')
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const at: SmtpInbox['server'] = {
    kind: 'smtp',
    host: '127.0.0.1',
    port,
    secure: false,
    user: null
  }
  return { state, at }
}

t.test('a server can neither flood a connection nor keep it open', async (t) => {
  const lines = Buffer.alloc(65_536, '\n')
  for (const stage of ['greeting', 'EHLO'] as const) {
    const { at, state } = await hostile(t, stage, lines)
    t.match(await sending(at), { outcome: 'failed', fault: 'connection-lost' }, stage)
    t.equal(
      await eventually(
        async () => state.sockets.size,
        (size) => size === 0
      ),
      0
    )
  }
  for (const piece of [lines, Buffer.from('\n'), null]) {
    const { at, state } = await hostile(t, 'QUIT', piece)
    t.match(await sending(at), { outcome: 'delivered' })
    t.equal(state.taken, 1)
    t.equal(
      await eventually(
        async () => state.sockets.size,
        (size) => size === 0,
        5000
      ),
      0
    )
  }
})
