import { once } from 'node:events'
import { eventually } from '@gatehouse/fixtures/client'
import t from 'tap'
import { WebSocket } from 'ws'
import { bearer, halves, holdAll, PLACES, PROXY, upload } from '../fixtures/halves.ts'

// One client address with slow requests took every place of a service, and all other clients got
// 503.

const unread = ['GET /open/endless HTTP/1.1', 'Host: a']

t.test('slow requests of one address do not cause refusals for others', async (t) => {
  const made = await halves(t)
  const { gateway, get, figure } = made
  gateway.upstream.answer = ({ url }, response) => {
    if (url === '/open/endless') response.write('some')
    else response.end('well')
  }
  for (const lines of [upload, unread]) {
    const held = await holdAll(made, '127.0.0.2', lines)
    t.equal(held.length, PLACES / 2, String(lines[0]))
    t.equal(await get('127.0.0.2'), 429)
    t.equal(await get('127.0.0.3'), 200)
    t.equal(await get('127.0.0.2', `X-Forwarded-For: 203.0.113.7`), 429, 'whatever it says it is')
    t.equal(await figure('request_callers'), 1)
    for (const socket of held) socket.destroy()
    await eventually(
      () => figure('requests'),
      (count) => count === 0,
      60_000
    )
    t.equal(await figure('request_callers'), 0, 'the share is given back')
    t.equal(await get('127.0.0.2'), 200)
  }
  t.equal(await figure('refusals_total', { kind: 'request', reason: 'caller_share' }), 6)
  t.equal(await figure('refusals_total', { reason: 'full' }), 0)
})

t.test('behind a trusted proxy, the reported client address counts', async (t) => {
  const made = await halves(t)
  const { gateway, get, figure } = made
  gateway.upstream.answer = ({ url }, response) => {
    if (url === '/open/quick') response.end('well')
  }
  const of = (client: string) => `X-Forwarded-For: ${client}`
  const held = await holdAll(made, PROXY, [...unread, of('198.51.100.1, 2001:db8:1:2::7')])
  t.equal(held.length, PLACES / 2)
  t.equal(await get(PROXY, of('2001:db8:1:2:ffff::8')), 429, 'another address of its /64')
  t.equal(await get(PROXY, of('2001:db8:1:3::7')), 200, 'another /64')
  t.equal(await get(PROXY, of('203.0.113.7')), 200)
  // A proxy that names no client may speak for any of its clients.
  const unnamed = await holdAll(made, PROXY, unread)
  t.equal(unnamed.length, PLACES / 2, 'all that are left')
  t.equal(await get('127.0.0.3'), 503)
  t.equal(await figure('refusals_total', { reason: 'full' }), 2)
})

t.test('users behind one address have a share each, even if one attacks', async (t) => {
  const made = await halves(t)
  const { gateway, get } = made
  gateway.upstream.answer = ({ url }, response) => {
    if (url === '/open/quick' || url === '/closed/quick') response.end('well')
  }
  await holdAll(made, '127.0.0.2', unread)
  const tokenOf = (name: string) => bearer(gateway.token({ sub: name, sid: `session of ${name}` }))
  const closed = async (name: string) => {
    const lines = ['GET /closed/quick HTTP/1.1', 'Host: a', tokenOf(name)]
    return (await made.send('127.0.0.2', lines)).status
  }
  for (const name of ['ada', 'bob', 'eve']) t.equal(await closed(name), 200)
  const slow = ['GET /closed/slow HTTP/1.1', 'Host: a', tokenOf('ada')]
  t.equal((await holdAll(made, '127.0.0.2', slow)).length, PLACES / 4)
  t.equal(await closed('ada'), 429)
  t.equal(await closed('bob'), 200)
  t.equal(await get('127.0.0.2'), 429)
})

t.test('WebSockets of one address do not cause refusals for others', async (t) => {
  const made = await halves(t)
  const { gateway, figure } = made
  const upgrade = [
    'GET /live HTTP/1.1',
    'Host: a',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
  ]
  const held = await holdAll(made, '127.0.0.2', upgrade, 'websockets')
  t.equal(held.length, PLACES / 2)
  const other = new WebSocket(`${gateway.url.replace('http', 'ws')}/live`, {
    localAddress: '127.0.0.3'
  })
  t.teardown(() => other.terminate())
  await once(other, 'open')
  t.equal(await figure('websocket_callers'), 2)
  t.equal(await figure('refusals_total', { kind: 'websocket', reason: 'caller_share' }), 1)
  for (const socket of held) socket.destroy()
  await eventually(
    () => figure('websocket_callers'),
    (count) => count === 1,
    60_000
  )
  t.equal(await figure('websockets'), 1)
})
