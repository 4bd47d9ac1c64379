import { once } from 'node:events'
import { constants } from 'node:http2'
import { authority } from '@gatehouse/fixtures/certificates'
import { eventually } from '@gatehouse/fixtures/client'
import { Registry } from 'prom-client'
import t from 'tap'
import { type Edge, edge } from '../../fixtures/edge.ts'
import { httpTwoService, type OnStream, textOf, toHttpTwo } from '../fixtures/http-two-service.ts'
import { unreadingService } from '../fixtures/unreading-service.ts'

const service = await httpTwoService(t)
const metrics = new Registry()
const gateway = await edge(t, { metrics, ...toHttpTwo(service.url, '', ', idleSeconds: 2') })

const ok: OnStream = (stream) => {
  stream.respond({ ':status': 200 })
  stream.end('ok')
}

/** A POST whose body streams, so that only its first part can be sent again. */
const post = (to: Edge, body: string) => to.call('/two', { method: 'POST', body })

t.test('a request that the service has refused unread is sent again, even a POST', async (t) => {
  let refusals = 0
  service.onStream = async (stream, headers) => {
    if (refusals < 2) {
      refusals += 1
      return stream.close(constants.NGHTTP2_REFUSED_STREAM)
    }
    const text = await textOf(stream)
    ok(stream, headers)
    t.equal(text, 'once')
  }
  t.equal((await post(gateway, 'once')).status, 200)
  t.equal(refusals, 2)
  service.onStream = (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM)
  t.equal((await post(gateway, 'never')).status, 502, 'but not forever')
})

t.test('a GOAWAY of the service loses no request', async (t) => {
  const goingAway = await httpTwoService(t)
  const gateway = await edge(t, toHttpTwo(goingAway.url))
  let served = 0
  goingAway.onStream = (stream, headers) => {
    const { session } = stream
    // A connection accepts its first streams, and then says that it has read no later ones.
    if (served === 0) session?.goaway(constants.NGHTTP2_NO_ERROR, 1)
    served += 1
    if (stream.id !== 1 || served > 1) return ok(stream, headers)
    setTimeout(ok, 100, stream, headers)
  }
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => post(gateway, `${index}`.repeat(100)))
  )
  t.strictSame([...new Set(answers.map(({ status }) => status))], [200])
  t.ok(goingAway.made > 1, 'later requests use another connection')
})

t.test('a service gets no more streams at a time than it accepts', async (t) => {
  const narrow = await httpTwoService(t, { settings: { maxConcurrentStreams: 2 } })
  const gateway = await edge(t, toHttpTwo(narrow.url))
  const open = new Map<unknown, number>()
  let most = 0
  narrow.onStream = (stream, headers) => {
    const { session } = stream
    open.set(session, (open.get(session) ?? 0) + 1)
    most = Math.max(most, open.get(session) ?? 0)
    stream.once('close', () => open.set(session, (open.get(session) ?? 0) - 1))
    setTimeout(ok, 20, stream, headers)
  }
  const answers = await Promise.all(Array.from({ length: 10 }, () => gateway.call('/two')))
  t.strictSame([...new Set(answers.map(({ status }) => status))], [200])
  t.equal(most, 2)
  t.ok(narrow.made <= 5, `${narrow.made} connections`)
})

t.test('requests wait for a stream if the service accepts no further connection', async (t) => {
  const narrow = await httpTwoService(t, { settings: { maxConcurrentStreams: 1 } })
  const gateway = await edge(t, toHttpTwo(narrow.url))
  t.equal((await gateway.call('/two')).status, 200)
  narrow.acceptConnections(1)
  const answers = await Promise.all(Array.from({ length: 5 }, () => gateway.call('/two')))
  t.strictSame([...new Set(answers.map(({ status }) => status))], [200])
  t.equal(narrow.made, 1)
})

t.test('an upload that its service does not read holds up no later one', async (t) => {
  const unreading = await unreadingService(t)
  const gateway = await edge(t, toHttpTwo(unreading.url))
  const client = new AbortController()
  const upload = { method: 'POST', body: 'x'.repeat(100_000), signal: client.signal }
  const held = gateway.call('/two', upload).catch(() => null)
  const windowBytes = 65_535
  await eventually(
    async () => unreading.bytes,
    (bytes) => bytes === windowBytes
  )
  t.equal((await post(gateway, 'y'.repeat(20_000))).status, 200)
  t.equal(unreading.made, 2, 'over another connection')
  t.equal((await gateway.call('/two')).status, 200)
  t.equal((await gateway.call('/two')).status, 200)
  t.equal(unreading.made, 2, 'which requests without a body do not need')
  client.abort()
  t.equal(await held, null)
})

t.test('an upload that its service does not read holds up none that is in progress', async (t) => {
  const unreading = await unreadingService(t)
  const gateway = await edge(t, toHttpTwo(unreading.url, '', ', answerSeconds: 5'))
  const { readable, writable } = new TransformStream<Uint8Array>()
  const client = writable.getWriter()
  const partBytes = 100_000
  const received = (bytes: number) =>
    eventually(
      async () => unreading.bytes,
      (now) => now === bytes
    )
  unreading.isReading = true
  const long = gateway.call('/two', {
    method: 'POST',
    body: readable,
    duplex: 'half'
  } as RequestInit)
  await client.write(new Uint8Array(partBytes))
  await received(partBytes)
  unreading.isReading = false
  const others = new AbortController()
  const unread = { method: 'POST', body: 'x'.repeat(partBytes), signal: others.signal }
  const held = [1, 2].map(() => gateway.call('/two', unread).catch(() => null))
  const windowBytes = 65_535
  await received(partBytes + 2 * windowBytes)
  await client.write(new Uint8Array(partBytes))
  await client.close()
  t.equal((await long).status, 200)
  t.equal(unreading.made, 3, 'each has a connection of its own')
  others.abort()
  t.strictSame(await Promise.all(held), [null, null])
})

t.test('uploads that fit into a window together share a connection', async (t) => {
  const unreading = await unreadingService(t)
  const gateway = await edge(t, toHttpTwo(unreading.url))
  const uploads = Array.from({ length: 6 }, () => post(gateway, 'y'.repeat(5000)))
  const answers = await Promise.all(uploads)
  t.strictSame([...new Set(answers.map(({ status }) => status))], [200])
  t.equal(unreading.made, 1)
})

t.test('if a connection breaks, only unanswered idempotent requests are repeated', async (t) => {
  service.onStream = ok
  await gateway.call('/two')
  let broken = 0
  service.onStream = (stream, headers) => {
    if (headers[':method'] === 'GET' && broken > 0) return ok(stream, headers)
    broken += 1
    stream.session?.socket.destroy()
  }
  t.equal((await gateway.call('/two')).status, 200)
  t.equal((await post(gateway, 'once')).status, 502)
  t.equal(broken, 2)
})

t.test('over TLS the service must choose HTTP/2', async (t) => {
  const own = await authority(t)
  const files = await own.issue('service.example', ['127.0.0.1'])
  const secured = await httpTwoService(t, { files })
  const tls = `, tls: { caFile: ${own.file} }`
  const good = await edge(t, toHttpTwo(secured.url, tls))
  t.equal((await good.call('/two')).status, 200)
  const strict = await edge(t, toHttpTwo(secured.url))
  t.equal((await strict.call('/two')).status, 502, 'without the authority')
  const { createServer } = await import('node:https')
  const { readFileSync } = await import('node:fs')
  const old = createServer(
    { cert: readFileSync(files.cert), key: readFileSync(files.key) },
    (_request, response) => response.end('HTTP/1.1')
  )
  await once(old.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => old.close().closeAllConnections())
  const { port } = old.address() as { port: number }
  const other = await edge(t, toHttpTwo(`https://127.0.0.1:${port}`, tls))
  t.equal((await other.call('/two')).status, 502)
})

t.test('a service that speaks only HTTP/1.1 gets no request, and clients get 502', async (t) => {
  const wrong = await edge(t, toHttpTwo(gateway.upstream.url))
  t.equal((await wrong.call('/two', { method: 'POST', body: 'x' })).status, 502)
  t.strictSame(gateway.upstream.received, [])
})

t.test(
  'a request for an unreachable address goes to another address, even with a streamed body',
  async (t) => {
    service.onStream = async (stream, headers) => {
      await textOf(stream)
      ok(stream, headers)
    }
    const two = await edge(t, {
      upstreams: `  two: { addresses: ['http://127.0.0.1:1', '${service.url}'], protocol: h2c }`,
      routes: '  - { name: two, prefix: /two, upstream: two, access: public }\n'
    })
    const answers = [await post(two, 'a'), await post(two, 'b'), await post(two, 'c')]
    t.strictSame(
      answers.map(({ status }) => status),
      [200, 200, 200]
    )
  }
)
