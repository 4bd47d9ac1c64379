import { once } from 'node:events'
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { reachableHosts } from '../../src/signed-post/reachable-hosts.ts'
import { failed, LOCAL, listening, post } from './fixtures/endpoint.ts'

/** A server that treats the bytes of a connection in ways that HTTP does not allow. */
async function raw(t: Test, onData: (socket: Socket) => void): Promise<string> {
  const server = createTcp((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => onData(socket))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

t.test('every status of 2xx is a success, and no other is', async (t) => {
  const url = await listening(t, (request, response) => {
    response.writeHead(Number(request.url?.slice(1))).end()
  })
  for (const status of [200, 201, 204, 299]) {
    t.strictSame(await post(`${url}${status}`), { outcome: 'delivered', status })
  }
  for (const status of [400, 401, 404, 410, 500, 503]) {
    t.strictSame(await post(`${url}${status}`), failed('status', status))
  }
})

t.test('a redirect is a failure, and is not followed', async (t) => {
  let followed = 0
  const target = await listening(t, (_request, response) => {
    followed += 1
    response.end()
  })
  const url = await listening(t, (_request, response) => {
    response.writeHead(307, { location: target }).end()
  })
  t.strictSame(await post(url), failed('redirect', 307))
  t.equal(followed, 0)
})

t.test('an endpoint that refuses connections, or drops them, has its fault', async (t) => {
  const closed = createTcp().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  closed.close()
  await once(closed, 'close')
  t.strictSame(await post(`http://127.0.0.1:${port}/`), failed('connection-refused'))
  const dropping = await raw(t, (socket) => socket.destroy())
  t.strictSame(await post(dropping), failed('connection-lost'))
  const halfway = await raw(t, (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Le'))
  t.strictSame(await post(halfway), failed('connection-lost'))
  const garbage = await raw(t, (socket) => socket.end('no HTTP at all\r\n\r\n'))
  t.strictSame(await post(garbage), failed('connection-lost'))
  const plain = await raw(t, (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
  t.strictSame(await post(plain.replace('http:', 'https:')), failed('tls'))
})

t.test('an attempt fails after its time-out, at whatever point the endpoint stalls', async (t) => {
  const silent = await raw(t, () => {})
  t.strictSame(await post(silent, reachableHosts(LOCAL), 100), failed('timeout'))
  const slowBody = await raw(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1')
  })
  const delivered = { outcome: 'delivered', status: 200 }
  t.strictSame(await post(slowBody, reachableHosts(LOCAL), 100), delivered, 'the status counts')
})

t.test('a response that switches protocols is a failure', async (t) => {
  for (const headers of ['', 'Connection: Upgrade\r\nUpgrade: websocket\r\n']) {
    const url = await raw(t, (socket) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers}\r\n`)
    })
    t.match(await post(url, reachableHosts(LOCAL), 500), { outcome: 'failed' }, headers)
  }
})

t.test(
  'the auth service reads only a few of an endless series of informational responses',
  async (t) => {
    let sent = 0
    const hints = Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000))
    const flood = async (socket: Socket): Promise<void> => {
      while (!socket.destroyed) {
        sent += hints.length
        if (!socket.write(hints))
          await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {})
      }
    }
    const url = await raw(t, (socket) => void flood(socket))
    t.strictSame(await post(url), failed('connection-lost'))
    t.ok(sent < 10_000_000, `${sent} bytes`)
    const hinting = await raw(t, (socket) => {
      socket.write(`${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(3)}HTTP/1.1 204 No Content\r\n\r\n`)
    })
    t.strictSame(
      await post(hinting),
      { outcome: 'delivered', status: 204 },
      'and the last one counts'
    )
  }
)

t.test('the auth service reads a bounded part of a response that does not end', async (t) => {
  let sent = 0
  const url = await listening(t, async (_request, response) => {
    const chunk = Buffer.alloc(65_536)
    while (!response.destroyed) {
      sent += chunk.length
      if (!response.write(chunk))
        await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
  })
  t.strictSame(await post(url), { outcome: 'delivered', status: 200 })
  t.ok(sent < 50_000_000, `${sent} bytes`)
})

t.test('headers that do not end are a failure', async (t) => {
  const url = await raw(t, (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\n${`x: ${'a'.repeat(1000)}\r\n`.repeat(40)}`)
  })
  t.strictSame(await post(url), failed('connection-lost'))
})
