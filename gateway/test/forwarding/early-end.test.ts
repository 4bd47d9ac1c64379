import { once } from 'node:events'
import { connect as connectHttpTwo } from 'node:http2'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { closed } from '@gatehouse/fixtures/closed'
import t, { type Test } from 'tap'
import { edge } from '../fixtures/edge.ts'
import { selfSigned } from '../fixtures/self-signed.ts'

const BYTES = 200_000
const content = Buffer.alloc(BYTES, 'a')
const chunked = Buffer.concat([
  Buffer.from(`${BYTES.toString(16)}\r\n`),
  content,
  Buffer.from('\r\n0\r\n\r\n')
])

/**
 * A service that closes the connection after its response, while the gateway still holds the
 * response.
 */
async function endingService(t: Test) {
  const answers: Readonly<Record<string, (socket: Socket) => void>> = {
    length: (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${BYTES}\r\n\r\n`)
      socket.end(content)
    },
    chunks: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n')
      socket.end(chunked)
    },
    end: (socket) => {
      socket.end(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), content]))
    },
    kept: (socket) => {
      const more = Buffer.concat([content, content])
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${more.length}\r\n\r\n`)
      // By then, everything has arrived, and the gateway holds the rest for the client.
      socket.write(more, () => setTimeout(() => socket.end(), 200))
    },
    cut: (socket) => {
      socket.write(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), content]), () =>
        setTimeout(() => socket.resetAndDestroy(), 20)
      )
    },
    reset: (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${BYTES}\r\n\r\n`)
      socket.write(content.subarray(1))
      socket.end()
      setTimeout(() => socket.resetAndDestroy(), 20)
    }
  }
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (head) => {
      const [, name = ''] = /^GET \/end\/(\w+)/.exec(String(head)) ?? []
      answers[name]?.(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('it does not listen')
  return `http://127.0.0.1:${address.port}`
}

t.test('a service may close its connection while the client still reads', async (t) => {
  const service = await endingService(t)
  const gateway = await edge(t, {
    https: await selfSigned(),
    upstreams: `  ending: '${service}'`,
    routes: '\n  - { name: end, prefix: /end, upstream: ending, access: public }\n'
  })
  const session = connectHttpTwo(gateway.url, { rejectUnauthorized: false })
  t.teardown(() => session.destroy())
  /** The number of bytes that a client gets if it begins to read late. */
  const received = async (name: string, lateMs: number): Promise<number | 'broken'> => {
    const stream = session.request({ ':path': `/end/${name}` }).on('error', () => {})
    await once(stream, 'response')
    await sleep(lateMs)
    let bytes = 0
    try {
      for await (const chunk of stream) bytes += chunk.length
      return stream.rstCode === 0 ? bytes : 'broken'
    } catch {
      return 'broken'
    }
  }
  for (const lateMs of [0, 50]) {
    for (const name of ['length', 'chunks', 'end']) {
      const all = await Promise.all(Array.from({ length: 4 }, () => received(name, lateMs)))
      t.strictSame(new Set(all), new Set([BYTES]), `${name}, ${lateMs} ms late`)
    }
    for (const name of ['reset', 'cut']) {
      const all = await Promise.all(Array.from({ length: 4 }, () => received(name, lateMs)))
      t.strictSame(new Set(all), new Set(['broken']), `${name}, ${lateMs} ms late`)
    }
  }
})

t.test(
  'a slow client gets the whole response although the service closes a connection that it had promised to keep',
  async (t) => {
    const service = await endingService(t)
    const gateway = await edge(t, {
      https: await selfSigned(),
      upstreams: `  ending: '${service}'`,
      routes: '\n  - { name: end, prefix: /end, upstream: ending, access: public }\n'
    })
    /** The number of bytes that a slow client gets, on a connection of its own. */
    const received = async (): Promise<number | 'broken'> => {
      const session = connectHttpTwo(gateway.url, { rejectUnauthorized: false })
      const stream = session.request({ ':path': '/end/kept' })
      let bytes = 0
      let allowed = 0
      const allow = setInterval(() => {
        allowed += 4000
        if (bytes < allowed) stream.resume()
      }, 10)
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes >= allowed) stream.pause()
      })
      await closed(stream)
      clearInterval(allow)
      session.destroy()
      return stream.rstCode === 0 ? bytes : 'broken'
    }
    const all = await Promise.all(Array.from({ length: 8 }, received))
    t.strictSame(new Set(all), new Set([2 * BYTES]))
  }
)

t.test('a response that is cut off looks incomplete to a client of HTTP/1.0', async (t) => {
  const service = await endingService(t)
  const gateway = await edge(t, {
    upstreams: `  ending: '${service}'`,
    routes: '\n  - { name: end, prefix: /end, upstream: ending, access: public }\n'
  })
  for (const name of ['reset', 'cut']) {
    const client = connect({ port: gateway.port, host: '127.0.0.1' }).resume()
    client.write(`GET /end/${name} HTTP/1.0\r\nHost: a\r\n\r\n`)
    const [error] = await once(client, 'error')
    t.match(error, { code: 'ECONNRESET' }, name)
  }
})
