import type { ServerResponse } from 'node:http'
import { TOKEN_SKEW_SECONDS } from '@gatehouse/access-token/clock-skew'
import { eventually } from '@gatehouse/fixtures/client'
import { Registry } from 'prom-client'
import t from 'tap'
import { type Edge, edge } from '../../fixtures/edge.ts'

const routes = `
  - { name: news, prefix: /news, upstream: service, events: true, idleSeconds: 1, answerSeconds: 1 }
  - { name: tips, prefix: /tips, upstream: service, events: true, answerSeconds: 1, bodyLimitBytes: 16384 }
`

/**
 * A stream may be the response to a request with a body. The ways to send a request have code of
 * their own.
 */
const asking: Record<string, [path: string, init: RequestInit]> = {
  'without a body': ['/news', {}],
  'with a body in hand': ['/tips', { method: 'POST', body: 'a question' }],
  'with a body that streams': ['/news', { method: 'POST', body: 'a question' }]
}

/**
 * Opens a stream that the service has begun with this text. Returns the stream and the service's
 * end of it.
 */
async function open(
  gateway: Edge,
  first: string,
  headers: Record<string, string> = {},
  sid = 'session-1',
  [path, init] = ['/news', {}] as [string, RequestInit]
) {
  const service = new Promise<ServerResponse>((resolve) => {
    gateway.upstream.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...headers })
      response.flushHeaders()
      if (first !== '') response.write(first)
      resolve(response)
    }
  })
  const answer = await gateway.call(path, {
    ...init,
    headers: { authorization: `Bearer ${gateway.token({ sid })}` }
  })
  return { answer, service: await service }
}

const revoke = (gateway: Edge, id = 'session-1') =>
  gateway.log.revoke({
    kind: 'session',
    id,
    until: Math.floor(gateway.clock() / 1000) + 300
  })

/** Everything that arrives until the stream ends, read as it arrives. */
async function reading(answer: Response, until: string, then: () => void): Promise<string> {
  let text = ''
  for await (const chunk of answer.body ?? []) {
    const before = text.includes(until)
    text += Buffer.from(chunk).toString()
    if (!before && text.includes(until)) then()
  }
  return text
}

for (const [way, asked] of Object.entries(asking)) {
  t.test(`${way}: a stream is open at once, and ends with its session, saying why`, async (t) => {
    const gateway = await edge(t, { routes })
    const { answer, service } = await open(gateway, '', {}, 'session-1', asked)
    t.equal(answer.status, 200, 'before the first event')
    const gone = new Promise<void>((resolve) => service.once('close', () => resolve()))
    service.write('data: one\n\n')
    const text = await reading(answer, 'one\n\n', () => revoke(gateway))
    t.equal(text, 'data: one\n\nevent: gatehouse-end\ndata: SESSION_ENDED\n\n')
    await gone
  })

  t.test(`${way}: a stream may pause for longer than answerSeconds`, async (t) => {
    const gateway = await edge(t, { routes })
    const { answer, service } = await open(gateway, 'data: one\n\n', {}, 'session-1', asked)
    setTimeout(() => service.end('data: two\n\n'), 3000)
    t.equal(await answer.text(), 'data: one\n\ndata: two\n\n')
  })
}

t.test('a stream ends when its token expires, as far as clocks may differ', async (t) => {
  const gateway = await edge(t, { routes })
  const exp = Math.floor(gateway.clock() / 1000) + 1 - TOKEN_SKEW_SECONDS
  gateway.upstream.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\r\n\r\n')
  }
  const headers = { authorization: `Bearer ${gateway.token({ exp })}` }
  const answer = await gateway.call('/news', { headers })
  const text = await reading(answer, 'one', () => gateway.clock.advance(1000))
  t.match(text, /event: gatehouse-end\ndata: TOKEN_EXPIRED\n\n$/)
})

t.test('a stream whose token ends in the middle of an event is cut', async (t) => {
  const gateway = await edge(t, { routes })
  for (const [first, headers] of [
    ['data: transfer 100', {}],
    ['data: one\n', {}],
    ['data: one\n\n', { 'content-encoding': 'x-own' }]
  ] as const) {
    const { answer } = await open(gateway, first, headers, first)
    await t.rejects(
      reading(answer, 'data', () => revoke(gateway, first)),
      first
    )
  }
})

t.test('streams of other sessions, and other responses, continue', async (t) => {
  const gateway = await edge(t, { routes })
  const { answer, service } = await open(gateway, 'data: one\n\n', { 'content-type': 'text/plain' })
  const text = await reading(answer, 'one', () => {
    revoke(gateway)
    service.end('data: two\n\n')
  })
  t.equal(text, 'data: one\n\ndata: two\n\n')
})

t.test('a gateway that shuts down ends streams after an event, and says why', async (t) => {
  const gateway = await edge(t, { routes })
  const between = await open(gateway, 'data: one\n\n')
  const within = await open(gateway, 'data: one\n\ndata: tw')
  const last = 'event: gatehouse-end\ndata: UNAVAILABLE\n\n'
  let closing: Promise<void> | undefined
  const first = reading(between.answer, 'one\n\n', () => {
    closing = gateway.close()
  })
  t.equal(await first, `data: one\n\n${last}`)
  within.service.write('o\n\n')
  t.equal(await within.answer.text(), `data: one\n\ndata: two\n\n${last}`)
  await closing
})

t.test('at shutdown, a stream that stays in the middle of an event is cut', async (t) => {
  const gateway = await edge(t, { routes })
  const { answer } = await open(gateway, 'data: transfer 100')
  await t.rejects(reading(answer, 'transfer', () => void gateway.close()))
})

t.test('open event streams are counted until they end', async (t) => {
  const metrics = new Registry()
  const gateway = await edge(t, { metrics, routes })
  const countOpen = async () => {
    const text = await metrics.getSingleMetricAsString('gateway_event_streams')
    return Number(/^gateway_event_streams (\d+)$/m.exec(text)?.[1])
  }
  t.equal(await countOpen(), 0)
  const { answer, service } = await open(gateway, 'data: 1\n\n')
  t.equal(await countOpen(), 1)
  service.end()
  await answer.text()
  t.equal(await eventually(countOpen, (count) => count === 0, 20_000), 0)
})
