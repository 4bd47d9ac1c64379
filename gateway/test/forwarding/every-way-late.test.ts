import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { edge } from '../fixtures/edge.ts'
import { inEveryWay, ROUTES, ways } from './fixtures/every-way.ts'

t.test('a request gets 502 if the service resets the connection before its response', (t) =>
  inEveryWay(
    t,
    (request) => request.socket.resetAndDestroy(),
    (t, got) => {
      t.match(got, /^HTTP\/1\.1 502 /)
      t.match(got, '"code":"UPSTREAM_UNAVAILABLE"')
    }
  )
)

t.test('a request gets 504 if the service does not answer in time', async (t) => {
  const gateway = await edge(t, { routes: ROUTES })
  gateway.upstream.answer = () => {}
  for (const [name, path, body] of [
    ['without a body', '/small', undefined],
    ['with a body in hand', '/small', 'hello'],
    ['with a body that streams', '/large', 'hello']
  ] as const) {
    const init = body === undefined ? {} : { method: 'POST', body }
    const answer = await fetch(`${gateway.url}${path}`, init)
    t.equal(answer.status, 504, name)
    t.match(await answer.json(), { code: 'UPSTREAM_TIMEOUT' })
  }
})

for (const [framing, headers] of Object.entries({
  'a length': { 'content-length': '10' },
  chunks: {}
})) {
  t.test(`half a response in ${framing} does not look complete`, (t) =>
    inEveryWay(
      t,
      (request, response) => {
        response.writeHead(200, headers).write('hello')
        setTimeout(() => request.socket.destroy(), 20)
      },
      (t, got) => {
        t.match(got, /^HTTP\/1\.1 200 /)
        t.match(got, 'hello')
        t.notMatch(got, /\r\n0\r\n\r\n$/)
      }
    )
  )
}

t.test('a response that pauses for too long is ended, and does not look complete', (t) =>
  inEveryWay(
    t,
    (_request, response) => response.write('some of it'),
    (t, got) => {
      t.match(got, /^HTTP\/1\.1 200 .*some of it/s)
      t.notMatch(got, /\r\n0\r\n\r\n$/)
    }
  )
)

t.test('a client that does not read pauses the service, and is cut off', async (t) => {
  const gateway = await edge(t, { routes: ROUTES })
  const most = 64 * 1024 * 1024
  for (const [name, bytes] of Object.entries(ways)) {
    let written = 0
    let left: Promise<unknown> = Promise.resolve()
    const paused = new Promise<void>((resolve) => {
      gateway.upstream.answer = (_request, response) => {
        left = once(response, 'close')
        const piece = Buffer.alloc(256 * 1024)
        let quiet: NodeJS.Timeout
        const write = () => {
          while (written < most) {
            written += piece.length
            if (!response.write(piece)) break
          }
          clearTimeout(quiet)
          quiet = setTimeout(resolve, 300)
        }
        response.on('drain', write)
        write()
      }
    })
    const client = connect({ port: gateway.port, host: '127.0.0.1' })
    client.on('error', () => {})
    await once(client, 'connect')
    client.pause()
    client.write(bytes('1.1'))
    await paused
    t.ok(written < most, `${name}: stopped after ${written} bytes`)
    await left
    t.ok(written < most, `${name}: its place at the service is free again`)
    client.destroy()
  }
})
