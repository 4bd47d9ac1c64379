import dns from 'node:dns'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { closed } from '@gatehouse/fixtures/closed'
import { endsInTime } from '@gatehouse/fixtures/ends-in-time'
import { faults } from '@gatehouse/fixtures/faults'
import t, { type Test } from 'tap'
import { type Edge, edge } from '../fixtures/edge.ts'
import { sendBytes, statusesIn } from '../fixtures/raw-client.ts'

const request = (method: string, ...lines: string[]) =>
  `${[`${method} /open HTTP/1.1`, 'Host: gateway.example', ...lines].join('\r\n')}\r\n\r\n`

const ask = (gateway: Edge, method = 'GET') =>
  sendBytes(gateway.port, request(method, 'Connection: close'))

/** Everything that arrives until the gateway ends a connection that the client would keep open. */
async function untilItEnds(t: Test, { port }: Edge): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  t.teardown(() => socket.destroy())
  socket.write(request('GET'))
  const chunks: Buffer[] = []
  // The connection may end normally or by a reset. Everything that arrived before counts.
  socket.on('data', (chunk) => chunks.push(chunk))
  await closed(socket)
  return Buffer.concat(chunks).toString('latin1')
}

/** From now on, the service responds with exactly these bytes, and closes the connection. */
function answersWith({ upstream }: Edge, bytes: string): void {
  upstream.answer = ({ socket }) => socket.end(bytes, 'latin1')
}

async function isUnavailable(t: Test, answer: Response, title: string): Promise<void> {
  t.equal(answer.status, 502, title)
  t.match(await answer.json(), { code: 'UPSTREAM_UNAVAILABLE', retryable: true }, title)
}

t.test('every request of every caller to a service that is down gets 502', async (t) => {
  const gateway = await edge(t)
  t.equal((await gateway.call('/closed')).status, 200)
  gateway.upstream.stop()
  for (const time of ['first', 'second', 'third']) {
    await isUnavailable(t, await gateway.call('/closed'), `${time} time`)
    await isUnavailable(t, await fetch(`${gateway.url}/open`), `${time} time, an anonymous client`)
  }
  t.equal((await fetch(`${gateway.url}/closed`)).status, 401, 'the gateway itself is up')
})

const noResponse: Record<string, string> = {
  nothing: '',
  'no HTTP': 'hello',
  'another protocol': 'SSH-2.0-OpenSSH_9.6\r\n',
  'another version': 'HTTP/9.9 200 OK\r\n\r\n',
  'no status': 'HTTP/1.1 OK\r\n\r\n',
  'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
  'half a head': 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n',
  'a line without a colon': 'HTTP/1.1 200 OK\r\nevil\r\n\r\n',
  'a space before the colon': 'HTTP/1.1 200 OK\r\nx : y\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
  'a length that is not a number': 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\na',
  'an enormous head': `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`
}

t.test('an invalid response becomes a 502, and the service is not asked again', async (t) => {
  const gateway = await edge(t)
  for (const [title, bytes] of Object.entries(noResponse)) {
    const before = gateway.upstream.received.length
    answersWith(gateway, bytes)
    const refused = await gateway.call('/closed')
    t.strictSame([refused.status], faults.serviceLies.statuses, title)
    await isUnavailable(t, refused, title)
    t.equal(gateway.upstream.received.length, before + 1, `${title}: asked once`)
  }
  answersWith(gateway, 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
  const repaired = async () => (await gateway.call('/closed')).status
  await endsInTime(t, faults.serviceLies, repaired, (status) => status === 200)
})

t.test('without retries, no request is sent twice', async (t) => {
  const gateway = await edge(t)
  const faults: Record<string, string> = {
    reset: '',
    503: 'HTTP/1.1 503 Busy\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n',
    429: 'HTTP/1.1 429 Slow\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n'
  }
  for (const [title, bytes] of Object.entries(faults)) {
    answersWith(gateway, bytes)
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'PATCH']) {
      const before = gateway.upstream.received.length
      const [status] = statusesIn(await ask(gateway, method))
      t.equal(status, title === 'reset' ? 502 : Number(title), `${title} to ${method}`)
      t.equal(gateway.upstream.received.length, before + 1, `${title} to ${method}: asked once`)
    }
  }
})

const broken: Record<string, string> = {
  'a body that is too short': 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nthe first half',
  'chunks without an end': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n',
  'a chunk that is none':
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\nzz\r\n'
}

t.test('a broken response closes the connection, and does not look complete', async (t) => {
  const gateway = await edge(t)
  for (const [title, bytes] of Object.entries(broken)) {
    answersWith(gateway, bytes)
    const answer = await untilItEnds(t, gateway)
    t.match(answer, /^HTTP\/1\.1 200 .*first/s, `${title}: the bytes that arrived are passed on`)
    t.notMatch(answer, /\r\n0\r\n\r\n$/, `${title}: without an end`)
    t.strictSame(statusesIn(answer), [200], `${title}: and no second answer behind it`)
    await t.rejects((await fetch(`${gateway.url}/open`)).text(), `${title}: a client can tell`)
  }
})

t.test('an informational response is not taken for the final one', async (t) => {
  const gateway = await edge(t)
  const whole = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwhole'
  for (const early of ['102 Processing\r\n', '103 Early Hints\r\nlink: </x>\r\n']) {
    answersWith(gateway, `HTTP/1.1 ${early}\r\n${whole}`)
    const answer = await gateway.call('/closed')
    t.equal(answer.status, 200, early)
    t.equal(await answer.text(), 'whole', early)
  }
  answersWith(gateway, `HTTP/1.1 101 Switching Protocols\r\nupgrade: evil\r\n\r\n${whole}`)
  t.equal((await gateway.call('/closed')).status, 502, 'no client asked for another protocol')
})

t.test('an unsolicited second response reaches no client', async (t) => {
  const gateway = await edge(t)
  const answer = (body: string) =>
    `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  gateway.upstream.answer = ({ socket }) => socket.write(`${answer('first')}${answer('evil!')}`)
  let received = ''
  for (let time = 0; time < 3; time += 1) {
    const [own, others] = await Promise.all([ask(gateway), gateway.call('/closed')])
    received += `${own}${await others.text()}`
  }
  t.equal(received.match(/first/g)?.length, 6)
  t.equal(received.match(/evil/g)?.length ?? 0, faults.serviceLies.lost)
})

/** The name server's answer about the service: an address, an error, or none (null). */
type Lookup = { address: string } | { code: string } | null

/** Replaces the machine's name server for one name. */
function nameServer(t: Test, name: string, first: Lookup) {
  const real = dns.lookup
  const names = { answer: first }
  t.teardown(() => Object.assign(dns, { lookup: real }))
  const lookup = (host: string, options: dns.LookupAllOptions, done: LookupDone): void => {
    const { answer } = names
    if (host !== name) real(host, options, done)
    else if (answer !== null) {
      const isFound = 'address' in answer
      const error = isFound ? null : Object.assign(new Error(`getaddrinfo ${name}`), answer)
      setImmediate(done, error, isFound ? [{ address: answer.address, family: 4 }] : [])
    }
  }
  Object.assign(dns, { lookup })
  return names
}

type LookupDone = (error: NodeJS.ErrnoException | null, found: dns.LookupAddress[]) => void

t.test('requests get 502 until the name of the service resolves, to any address', async (t) => {
  const names = nameServer(t, 'service.example', { address: '127.0.0.1' })
  const gateway = await edge(t)
  const { port } = new URL(gateway.upstream.url)
  gateway.reroute({
    upstreams: `  named: 'http://service.example:${port}'`,
    routes: '  - { name: named, prefix: /named, upstream: named, access: public }\n'
  })
  const call = () => fetch(`${gateway.url}/named`)
  t.equal((await call()).status, 200)

  names.answer = { code: 'ENOTFOUND' }
  t.equal((await call()).status, 200, 'an open connection needs no name')
  for (const answer of [{ code: 'ENOTFOUND' }, { code: 'EAI_AGAIN' }, null]) {
    names.answer = answer
    gateway.upstream.server.closeAllConnections()
    const refused = await call()
    t.strictSame([refused.status], faults.serviceUnresolvable.statuses)
    await isUnavailable(t, refused, answer?.code ?? 'no answer of the name server')
    t.equal((await fetch(`${gateway.url}/open`)).status, 200, 'another service is not affected')
  }

  gateway.upstream.stop()
  const other = createServer((_request, response) => response.end('elsewhere'))
  await once(other.listen(Number(port), '127.0.0.2'), 'listening')
  t.teardown(() => other.close())
  names.answer = { address: '127.0.0.2' }
  const moved = await endsInTime(t, faults.serviceUnresolvable, call, ({ ok }) => ok)
  t.equal(moved.status === 200 ? 0 : 1, faults.serviceUnresolvable.lost)
  t.equal(await moved.text(), 'elsewhere')
})
