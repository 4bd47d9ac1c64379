import { once } from 'node:events'
import { Agent as PlainAgent, request as plainRequest } from 'node:http'
import { connect as connectHttpTwo } from 'node:http2'
import { Agent, request } from 'node:https'
import { connect } from 'node:net'
import { eventually } from '@gatehouse/fixtures/client'
import { collectGarbage } from '@gatehouse/fixtures/collect-garbage'
import t, { type Test } from 'tap'
import { type Edge, edge } from '../../fixtures/edge.ts'
import { edgeOverTls } from '../fixtures/raw-http-two.ts'

const ANSWERS = 4
/** More than Node.js writes at once. */
const BYTES = 200_000

/** How many responses of a gateway are still in memory, once they are at most `most`. */
function keptResponses(gateway: Edge): (most: number) => Promise<number> {
  const answers: WeakRef<object>[] = []
  gateway.server.on('request', (_request: unknown, response: object) => {
    answers.push(new WeakRef(response))
  })
  return (most) =>
    eventually(
      async () => {
        collectGarbage()
        return answers.filter((answer) => answer.deref() !== undefined).length
      },
      (kept) => kept <= most
    )
}

const sizedResponses = (gateway: Edge): void => {
  gateway.upstream.answer = (_request, response) => response.end('a'.repeat(BYTES))
}

/** Reads everything immediately. */
async function readAll(stream: NodeJS.ReadableStream): Promise<number> {
  let bytes = 0
  for await (const chunk of stream) bytes += chunk.length
  return bytes
}

t.test('a response over HTTP/2 that its client has read is released from memory', async (t) => {
  const gateway = await edgeOverTls(t)
  const kept = keptResponses(gateway)
  sizedResponses(gateway)
  const session = connectHttpTwo(gateway.url, { rejectUnauthorized: false })
  t.teardown(() => session.destroy())
  for (let left = ANSWERS; left > 0; left -= 1) {
    t.equal(await readAll(session.request({ ':path': '/open' })), BYTES)
  }
  // Node.js keeps the newest response while the connection is idle.
  await readAll(session.request({ ':path': '/nowhere' }))
  t.ok((await kept(1)) <= 1)
})

t.test('a response over TLS that its client has read is released from memory', async (t) => {
  const gateway = await edgeOverTls(t)
  const kept = keptResponses(gateway)
  sizedResponses(gateway)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  for (let left = ANSWERS; left > 0; left -= 1) {
    const sent = request(new URL('/open', gateway.url), { agent, rejectUnauthorized: false }).end()
    const [answer] = await once(sent, 'response')
    t.equal(await readAll(answer), BYTES)
  }
  t.ok((await kept(1)) <= 1)
})

t.test('a response over HTTP/1.1 that its client has read is released from memory', async (t) => {
  const gateway = await edge(t)
  const kept = keptResponses(gateway)
  sizedResponses(gateway)
  const agent = new PlainAgent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  for (let left = ANSWERS; left > 0; left -= 1) {
    const sent = plainRequest(new URL('/open', gateway.url), { agent }).end()
    const [answer] = await once(sent, 'response')
    t.equal(await readAll(answer), BYTES)
  }
  t.ok((await kept(1)) <= 1)
})

t.test('a response that its client leaves unread is released from memory', async (t) => {
  const gateway = await edge(t)
  const kept = keptResponses(gateway)
  gateway.upstream.answer = (_request, response) => {
    response.end(Buffer.alloc(16 * 1024 * 1024))
  }
  for (let left = ANSWERS / 2; left > 0; left -= 1) await leaveUnread(t, gateway)
  t.equal(await kept(0), 0)
})

/** Sends a request, reads the beginning of the response, and resets the connection. */
async function leaveUnread(t: Test, { port }: Edge): Promise<void> {
  const client = connect({ port, host: '127.0.0.1' })
  t.teardown(() => client.destroy())
  client.write('GET /open HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(client, 'data')
  client.resetAndDestroy()
}
