import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { buildService } from '@gatehouse/http-service/build-service'
import { pathOfTarget } from '@gatehouse/http-service/path-of-target'
import { type LogLevel, type ServiceLog, serviceLog } from '@gatehouse/http-service/service-log'
import t, { type Test } from 'tap'
import { boundedOutput } from '../src/bounded-output.ts'

type Line = Record<string, unknown>

/** The lines that a log writes to standard error while `use` runs. */
async function linesOf(
  t: Test,
  use: (log: ServiceLog) => unknown,
  level: LogLevel = 'info'
): Promise<Line[]> {
  const written = t.capture(process.stderr, 'write', () => true)
  await use(serviceLog('service', level))
  const lines = written().map(({ args: [line] }) => JSON.parse(String(line)))
  written.restore()
  return lines
}

t.test('a line names its service', async (t) => {
  const lines = await linesOf(t, (log) => log.warn({ lagSeconds: 7 }, 'out of touch'))
  t.match(lines, [{ name: 'service', level: 40, msg: 'out of touch', lagSeconds: 7 }])
})

t.test('messages below the level are not written', async (t) => {
  t.strictSame(await linesOf(t, (log) => log.info('hello'), 'warn'), [])
  t.strictSame(await linesOf(t, (log) => log.fatal('farewell'), 'silent'), [])
})

t.test('only the method and the path of a request are logged', async (t) => {
  const lines = await linesOf(t, (log) =>
    buildService({ log }).inject({
      method: 'POST',
      url: '/reset?token=hunter2#hunter2',
      headers: { authorization: 'Bearer hunter2', cookie: 'a=hunter2', 'x-other': 'hunter2' },
      payload: { password: 'hunter2' }
    })
  )
  t.match(lines, [{ code: 'NOT_FOUND', reason: 'no such route', msg: 'refused' }])
  t.strictSame(lines[0]?.req, { method: 'POST', path: '/reset' })
  t.notMatch(JSON.stringify(lines), 'hunter2')
})

t.test('only the path of a target in absolute form is logged', (t) => {
  t.equal(pathOfTarget('http://ada:hunter2@host.example/a/b?c'), '/a/b')
  t.equal(pathOfTarget('/a/b#access_token=hunter2'), '/a/b')
  t.end()
})

t.test('a long path is cut', async (t) => {
  const lines = await linesOf(t, (log) =>
    buildService({ log }).inject({ url: `/${'x'.repeat(5000)}?y` })
  )
  t.strictSame(lines[0]?.req, { method: 'GET', path: `/${'x'.repeat(255)}` })
})

t.test('a fault is logged with its cause, which the client never sees', async (t) => {
  const lines = await linesOf(t, async (log) => {
    const service = buildService({ log })
    service.get('/bug', () => Promise.reject(new Error('no such table')))
    await service.inject({ url: '/bug' })
  })
  t.match(lines, [{ level: 50, code: 'INTERNAL', err: { message: 'no such table' } }])
})

t.test('the name of an error is logged, and not the data that was processed', async (t) => {
  const secret = 'eyJhbGciOiJFUzI1NiJ9.hunter2'
  const parsed = () => {
    try {
      return JSON.parse(secret)
    } catch (error) {
      return error
    }
  }
  const errors = [
    Object.assign(new Error('not HTTP'), { code: 'HPE_INVALID', data: secret, rawPacket: secret }),
    parsed(),
    new Error('outer', { cause: Object.assign(new Error('inner'), { detail: secret }) }),
    { message: secret },
    secret
  ]
  const lines = await linesOf(t, (log) => {
    for (const err of errors) log.error({ err }, 'failed')
  })
  t.match(lines[0]?.err, { type: 'Error', code: 'HPE_INVALID', message: 'not HTTP', stack: /at / })
  t.match(lines[1]?.err, { type: 'SyntaxError', message: '' })
  t.match(lines[2]?.err, { message: 'outer', cause: { message: 'inner' } })
  t.notMatch(JSON.stringify(lines), 'hunter2')
})

t.test('a message is cut, and has no control characters', async (t) => {
  const lines = await linesOf(t, (log) =>
    log.error({ err: new Error(`a\r\nb\u001b[2J\u202e${'x'.repeat(5000)}`) })
  )
  t.match(lines[0]?.err, { message: /^a\?\?b\?\[2J\?x+$/ })
  t.ok(JSON.stringify(lines[0]?.err).length < 4000)
})

for (const name of ['password', 'refreshToken', 'accessToken', 'authorization', 'cookie']) {
  t.test(`a member ${name} is never written`, async (t) => {
    const lines = await linesOf(t, (log) => {
      log.info({ [name]: 'hunter2' }, 'by itself')
      log.info({ user: { [name]: 'hunter2', id: 7 } }, 'in an object')
      log.error({ err: Object.assign(new Error('lost'), { [name]: 'hunter2' }) }, 'on an error')
      log.child({ [name]: 'hunter2' }).info('of a child')
    })
    t.equal(lines.length, 4)
    t.match(lines[1], { user: { id: 7 } }, 'the other members are logged')
    t.notMatch(JSON.stringify(lines), 'hunter2')
  })
}

t.test('a log whose reader hangs does not fill the memory', async (t) => {
  const stream = new PassThrough({ highWaterMark: 1 })
  const output = boundedOutput(stream, 100)
  for (let line = 0; line < 1000; line += 1) output.write('0123456789')
  t.ok(stream.writableLength <= 110, `${stream.writableLength} bytes are kept`)
  const drained = once(stream, 'drain')
  let read = ''
  stream.setEncoding('latin1').on('data', (text) => {
    read += text
  })
  await drained
  output.write('later')
  stream.end()
  await once(stream, 'end')
  t.match(read, /9later$/, 'it continues when the reader does')
})
