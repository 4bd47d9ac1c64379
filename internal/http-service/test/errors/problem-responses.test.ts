import { once } from 'node:events'
import { connect } from 'node:net'
import { Writable } from 'node:stream'
import { serviceLog } from '@gatehouse/http-service/service-log'
import { Refusal } from '@gatehouse/problem/refusal'
import type { LightMyRequestResponse } from 'fastify'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { smallService } from '../fixtures/small-service.ts'

function isProblem(t: Test, answer: LightMyRequestResponse, status: number, code: string): void {
  t.equal(answer.statusCode, status)
  t.match(answer.json(), { status, code, requestId: answer.headers['x-request-id'] })
  t.match(answer.headers, {
    'content-type': /^application\/problem\+json/,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': /./
  })
}

t.test('a method that a path does not have gets 405 with the allowed ones', async (t) => {
  const service = smallService()
  for (const method of ['POST', 'DELETE', 'OPTIONS'] as const) {
    const answer = await service.inject({ method, url: '/notes/7?all=yes' })
    isProblem(t, answer, 405, 'METHOD_NOT_ALLOWED')
    t.equal(answer.headers.allow, 'GET, HEAD, PUT', method)
  }
  const wild = await service.inject({ method: 'PUT', url: '/files/a/b' })
  t.equal(wild.headers.allow, 'GET, HEAD', 'also below a wildcard')
})

t.test('an unknown path gets 404, whatever the method', async (t) => {
  const service = smallService()
  for (const url of ['/', '/note', '/notes/7/', '/notes/7/8', '/notesx7', '/Notes/7']) {
    const answer = await service.inject({ method: 'DELETE', url })
    isProblem(t, answer, 404, 'NOT_FOUND')
    t.notOk('allow' in answer.headers, url)
  }
})

t.test('a path that cannot be decoded is refused', async (t) => {
  const service = smallService()
  for (const url of ['/notes/%zz', '/%', '/notes/%c0%ae']) {
    isProblem(t, await service.inject({ url }), 400, 'INVALID_REQUEST')
  }
})

t.test('every request passes the hooks, as its client sent it', async (t) => {
  const seen: string[] = []
  const service = smallService(serviceLog('small', 'silent'), {
    watch(app) {
      app.addHook('onRequest', async ({ method, url, originalUrl }) => {
        seen.push(`${method} ${url} ${originalUrl}`)
      })
    }
  })
  for (const [method, url, status] of [
    ['GET', '/notes/7?all', 200],
    ['PUT', '/%zz?all', 400],
    ['DELETE', '/nowhere', 404]
  ] as const) {
    const { statusCode } = await service.inject({ method, url })
    t.equal(statusCode, status, url)
    t.strictSame(seen.splice(0), [`${method} ${url} ${url}`])
  }
})

t.test(
  'the response to a refusal has its status, detail and headers, and not its reason',
  async (t) => {
    const service = smallService()
    service.get('/refused', async () => {
      throw new Refusal('RATE_LIMITED', {
        reason: 'the address is over its budget',
        detail: 'wait a little',
        headers: { 'retry-after': '7' }
      })
    })
    const answer = await service.inject({ url: '/refused' })
    isProblem(t, answer, 429, 'RATE_LIMITED')
    t.equal(answer.headers['retry-after'], '7')
    t.equal(answer.json().detail, 'wait a little')
    t.notMatch(answer.body, 'budget')
  }
)

t.test('the response to a bug does not contain its cause, whatever was thrown', async (t) => {
  const secret = 'postgres://ada:hunter2@db'
  const teapot = Object.assign(new Error(secret), { statusCode: 503, code: secret })
  for (const thrown of [new Error(secret), teapot, secret, { message: secret }, null, undefined]) {
    const service = smallService()
    service.get('/bug', () => Promise.reject(thrown))
    const answer = await service.inject({ url: '/bug' })
    isProblem(t, answer, 500, 'INTERNAL')
    t.notMatch(answer.body + JSON.stringify(answer.headers), /hunter2|stack|detail/, String(thrown))
  }
})

t.test(
  'a client that disconnects in the middle of its request is not logged as a fault',
  async (t) => {
    const lines: { level: number; reason?: string }[] = []
    let told = () => {}
    const refused = new Promise<void>((resolve) => {
      told = resolve
    })
    const log = pino(
      new Writable({
        write(line, _encoding, done) {
          lines.push(JSON.parse(String(line)))
          if (lines.at(-1)?.reason !== undefined) told()
          done()
        }
      })
    )
    const service = smallService(log)
    t.teardown(() => service.close())
    const { port } = new URL(await service.listen({ host: '127.0.0.1', port: 0 }))
    const socket = connect({ host: '127.0.0.1', port: Number(port) })
    await once(socket, 'connect')
    const arrived = once(service.server, 'request')
    socket.write(
      'POST /anything HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{'
    )
    await arrived
    socket.resetAndDestroy()
    await refused
    t.match(lines.at(-1), { level: 30, reason: 'the client disconnected' })
    t.strictSame(
      lines.filter(({ level }) => level > 30),
      []
    )
  }
)
