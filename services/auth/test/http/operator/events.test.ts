import { eventually } from '@gatehouse/fixtures/client'
import t from 'tap'
import { chainEvents } from '../../../src/audit-chain/chain-events.ts'
import { login, OPS_TOKEN, registered } from '../../fixtures/auth-service.ts'
import { operating } from '../../fixtures/operating.ts'
import { isProblem } from '../../fixtures/problem.ts'

/** Server-sent events, as their names with ids, and their data. */
const eventsOf = (text: string) =>
  text
    .split('\n\n')
    .filter((block) => block.includes('event: '))
    .map((block) => ({
      event: /^event: (\w+)$/m.exec(block)?.[1],
      id: /^id: (\d+)$/m.exec(block)?.[1] ?? null,
      data: JSON.parse(/^data: (.+)$/m.exec(block)?.[1] ?? 'null')
    }))

t.test('with workers, a stream sends the events after the last id, and ends', async (t) => {
  const { auth, call } = await operating(t)
  const { id } = await registered(auth)
  await chainEvents(auth.database)
  const { kid } = auth.signing.live.active()
  const first = await call('GET', '/ops/events')
  t.match(first.headers, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  t.match(first.body, /^retry: \d+\n\n/)
  const [keys] = eventsOf(first.body)
  t.match(keys, { event: 'keys', id: '1', data: { keys: [{ kid }] } }, 'its position')

  const headers = { authorization: `Bearer ${OPS_TOKEN}`, 'last-event-id': '0' }
  const again = await auth.ops.inject({ url: '/ops/events', headers })
  const event = eventsOf(again.body).at(-1)
  t.match(event, { event: 'audit', id: '1', data: { seq: 1, kind: 'user-created', user: id } })
  t.notMatch(again.body, /addressSalt|addressDigest|digest/)

  await login(auth)
  await chainEvents(auth.database)
  const since = { ...headers, 'last-event-id': keys?.id ?? '' }
  const next = await auth.ops.inject({ url: '/ops/events', headers: since })
  const later = eventsOf(next.body).filter(({ event }) => event === 'audit')
  t.match(later, [{ id: '2', data: { kind: 'login', user: id } }], 'what came between the two')
  for (const text of ['x', '-1', '1.5', '9'.repeat(20)]) {
    const answer = await auth.ops.inject({
      url: '/ops/events',
      headers: { ...headers, 'last-event-id': text }
    })
    const detail = 'headers/last-event-id must be the id of an event'
    isProblem(t, answer, { code: 'INVALID_REQUEST', detail }, text)
  }
})

t.test('a viewer gets live events until the token is revoked', async (t) => {
  const { auth, call } = await operating(t, { followsEvents: true })
  const created = await call('POST', '/ops/operators', { name: 'vera', role: 'viewer' })
  await chainEvents(auth.database)
  const url = await auth.ops.listen({ host: '127.0.0.1', port: 0 })
  const response = await fetch(`${url}/ops/events`, {
    headers: { authorization: `Bearer ${created.json().token}` }
  })
  t.equal(response.status, 200)
  const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())
  const events = reader[Symbol.asyncIterator]()
  let text = ''
  /** Reads until the text has a word, or to the end. */
  const until = async (word: string): Promise<string> => {
    while (!text.includes(word)) {
      const { done, value } = await events.next()
      if (done === true) return `${text}(end)`
      text += value
    }
    return text
  }
  t.match(await until('event: keys'), /^retry: /)
  await registered(auth)
  await chainEvents(auth.database)
  t.match(eventsOf(await until('user-created')).at(-1), { event: 'audit', id: '2' })
  await call('DELETE', '/ops/operators/vera')
  // A later token expires at the same time, because this clock stands still.
  await call('POST', '/ops/operators', { name: 'vera', role: 'viewer' })
  t.match(await until('(end)'), /\(end\)$/)
})

t.test('one operator cannot take the streams of the others, not even at once', async (t) => {
  const { auth, call } = await operating(t, { followsEvents: true })
  const { token } = (await call('POST', '/ops/operators', { name: 'vera', role: 'viewer' })).json()
  const url = await auth.ops.listen({ host: '127.0.0.1', port: 0 })
  const leaving = new AbortController()
  const follow = (of: string, signal?: AbortSignal) =>
    fetch(`${url}/ops/events`, {
      headers: { authorization: `Bearer ${of}` },
      ...(signal === undefined ? {} : { signal })
    })
  const answers = await Promise.all(Array.from({ length: 15 }, () => follow(token, leaving.signal)))
  const refused = answers.filter(({ status }) => status === 503)
  t.equal(refused.length, 5)
  t.match(await refused[0]?.json(), {
    code: 'UNAVAILABLE',
    detail: 'you have too many event streams open: close one of them'
  })
  const other = await follow(OPS_TOKEN)
  t.equal(other.status, 200)
  await other.body?.cancel()
  leaving.abort()
  const again = await eventually(
    () => follow(token),
    ({ status }) => status === 200
  )
  t.equal(again.status, 200)
  await again.body?.cancel()
})

t.test('undocumented members of a gateway announcement are not sent', async (t) => {
  const { auth, call } = await operating(t)
  const known = { id: 'g', name: 'edge-1', keySetVersion: 'v', kids: [], revocationCursor: '' }
  const announced = { ...known, revocationLagSeconds: 0, assertionJwk: '{}', more: 'x' }
  await auth.fleet.announce(announced)
  const gateways = eventsOf((await call('GET', '/ops/events')).body).at(-1)
  t.strictSame(gateways?.data, {
    gateways: [
      {
        ...known,
        revocationLagSeconds: 0,
        silentSeconds: 0,
        instance: 'g',
        drained: null,
        failing: null,
        routeFaults: null,
        vitals: null
      }
    ]
  })
})
