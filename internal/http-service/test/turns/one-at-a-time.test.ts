import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import type { ServiceOptions } from '@gatehouse/http-service/build-service'
import { type ServiceLog, serviceLog } from '@gatehouse/http-service/service-log'
import t, { type Test } from 'tap'
import { exchange } from '../fixtures/exchange.ts'
import { smallService } from '../fixtures/small-service.ts'

const get = (path: string, ...lines: string[]) =>
  `${[`GET ${path} HTTP/1.1`, 'host: a', ...lines].join('\r\n')}\r\n\r\n`

/**
 * A service that records when it begins to handle a request, and responds when the test says so.
 */
function slowService(options: Partial<ServiceOptions> = {}, log?: ServiceLog) {
  const taken: string[] = []
  const answers: (() => void)[] = []
  const service = smallService(log, options)
  for (const method of ['GET', 'POST']) {
    service.route({
      method,
      url: '/slow/:id',
      handler: async (request) => {
        taken.push((request.params as { id: string }).id)
        await new Promise<void>((resolve) => answers.push(resolve))
        return {}
      }
    })
  }
  return { service, taken, answers }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

async function socketTo(t: Test, service: ReturnType<typeof smallService>) {
  t.teardown(() => service.close())
  const { port } = new URL(await service.listen({ host: '127.0.0.1', port: 0 }))
  const socket = connect({ host: '127.0.0.1', port: Number(port) })
  t.teardown(() => socket.destroy())
  return socket
}

t.test('a request is handled when the previous one on its connection is answered', async (t) => {
  const { service, taken, answers } = slowService()
  const socket = await socketTo(t, service)
  socket.write(get('/slow/1') + get('/slow/2') + get('/slow/3', 'connection: close'))
  const answer = text(socket)
  for (const upTo of [1, 2, 3]) {
    await until(() => answers.length === upTo)
    t.strictSame(taken, ['1', '2', '3'].slice(0, upTo))
    answers[upTo - 1]?.()
  }
  t.equal((await answer).match(/HTTP\/1\.1 200/g)?.length, 3)
})

t.test('requests after the last one of a connection are not handled', async (t) => {
  const { service, taken, answers } = slowService()
  const socket = await socketTo(t, service)
  socket.write(get('/slow/1', 'connection: close') + get('/slow/2'))
  const answer = text(socket)
  await until(() => answers.length === 1)
  answers[0]?.()
  t.equal((await answer).match(/HTTP\/1\.1 \d/g)?.length, 1)
  t.strictSame(taken, ['1'])
})

t.test('requests after a refusal that closes the connection are not handled', async (t) => {
  const answer = await exchange(
    t,
    `POST /anything HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${get('/notes/7')}`
  )
  t.strictSame(answer.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 400'])
})

t.test('a client that pipelines without end is cut off', async (t) => {
  // The framework makes a child log for each request.
  const log = serviceLog('small', 'silent')
  const makeChild = log.child.bind(log)
  let prepared = 0
  log.child = (...given: Parameters<typeof makeChild>) => {
    prepared += 1
    return makeChild(...given)
  }
  const { service, taken, answers } = slowService({}, log)
  const socket = await socketTo(t, service)
  prepared = 0
  socket.on('error', () => {})
  socket.write(get('/slow/1').repeat(1000))
  await new Promise((resolve) => socket.once('close', resolve))
  t.equal(taken.length, 1)
  answers[0]?.()
  t.equal(prepared, 1, 'the framework has seen none of the others')
})

t.test('a client that pipelines bodies is cut off before they fill the memory', async (t) => {
  const { service, taken, answers } = slowService({ bodyLimitBytes: 64 * 1024 })
  const socket = await socketTo(t, service)
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const upload = `POST /slow/2 HTTP/1.1\r\nhost: a\r\ncontent-length: 40000\r\n\r\n${'x'.repeat(40_000)}`
  let accepted: Socket | undefined
  service.server.once('connection', (one: Socket) => {
    accepted = one
  })
  socket.write(get('/slow/1') + upload.repeat(50))
  await closed
  t.strictSame(taken, ['1'])
  const read = accepted?.bytesRead ?? 0
  t.ok(read > 0 && read < 256 * 1024, `${read} bytes are read`)
  answers[0]?.()
})

const post = 'POST /slow/2 HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n'
const unreadable: Record<string, [bytes: string, status: number]> = {
  'no request': ['hello\r\n\r\n', 400],
  'headers that are too large': [get('/slow/2', `x: ${'y'.repeat(17_000)}`), 431],
  'a body that breaks off in a bad chunk': [`${post}transfer-encoding: chunked\r\n\r\nzz\r\n`, 400],
  'no request, and then one': [`hello\r\n\r\n${get('/slow/2')}`, 400],
  'a header section that never ends': ['GET /slow/2 HTTP/1.1\r\nhost: a\r\n', 400]
}

for (const [title, [bytes, status]] of Object.entries(unreadable)) {
  t.test(`the refusal of ${title} waits for earlier responses`, async (t) => {
    const { service, taken, answers } = slowService({ headersMs: 300 })
    const socket = await socketTo(t, service)
    const refused = new Promise((resolve) => service.server.once('clientError', resolve))
    socket.write(get('/slow/0') + get('/slow/1') + bytes)
    const answer = text(socket)
    await refused
    for (const upTo of [1, 2]) {
      await until(() => answers.length === upTo)
      answers[upTo - 1]?.()
    }
    const statuses = [...(await answer).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, one]) => Number(one))
    t.strictSame(statuses, [200, 200, status])
    t.strictSame(taken, ['0', '1'], 'and nothing of it is taken up')
  })
}
