import { once } from 'node:events'
import { connect } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { TOKEN_SKEW_SECONDS } from '@gatehouse/access-token/clock-skew'
import { eventually } from '@gatehouse/fixtures/client'
import { Metadata, status } from '@grpc/grpc-js'
import { Registry } from 'prom-client'
import t from 'tap'
import { newKey } from '../../fixtures/issuer.ts'
import {
  callsThroughGateway,
  clientOf,
  endOf,
  listing,
  signedIn,
  talking,
  unary
} from '../fixtures/calls.ts'
import { detailsOf } from '../fixtures/status-details.ts'

const MESSAGES_OF_STREAM = 20

const metrics = new Registry()
const common = await callsThroughGateway(t, { metrics })
const { gateway, client, handlers } = common

t.test('a service may end a call while its client still sends', async (t) => {
  handlers.talk = (call) => {
    call.once('data', () => call.emit('error', { code: status.OUT_OF_RANGE, details: 'enough' }))
  }
  const talk = talking(client, signedIn(gateway))
  const end = endOf(talk)
  talk.write(Buffer.from('one'))
  t.equal((await end).code, status.OUT_OF_RANGE)
})

t.test('a deadline or a cancellation of the client ends the call at the service', async (t) => {
  const cancelled = new Promise<void>((resolve) => {
    handlers.get = (call) => call.once('cancelled', () => resolve())
  })
  const late = await unary(client, signedIn(gateway), { deadlineMs: 300 })
  t.equal(late.code, status.DEADLINE_EXCEEDED)
  await cancelled

  const stopped = new Promise<void>((resolve) => {
    handlers.list = (call) => {
      call.once('cancelled', () => resolve())
      call.write(Buffer.from('one'))
    }
  })
  const list = listing(client, signedIn(gateway))
  const end = endOf(list)
  await once(list, 'data')
  list.cancel()
  t.equal((await end).code, status.CANCELLED)
  await stopped
})

t.test('a revoked token ends an open stream with a status', async (t) => {
  handlers.list = (call) => call.write(Buffer.from('one'))
  const list = listing(client, signedIn(gateway))
  const end = endOf(list)
  await once(list, 'data')
  gateway.log.revoke({ kind: 'session', id: 'session-1', until: 4_000_000_000 })
  const { code, metadata } = await end
  t.equal(code, status.UNAUTHENTICATED)
  t.equal(detailsOf(metadata).reason, 'SESSION_ENDED')
})

t.test('a revoked token also ends a short call that may outlive its expiry', async (t) => {
  const { clock } = gateway
  handlers.list = (call) => {
    call.write(Buffer.from('one'))
    clock.advance(1000)
  }
  const expiring = new Metadata()
  const exp = clock() / 1000 + 1 - TOKEN_SKEW_SECONDS
  expiring.set('authorization', `Bearer ${gateway.token({ exp, sid: 'session-2' })}`)
  const list = listing(client, expiring)
  const end = endOf(list)
  await once(list, 'data')
  // Longer than the timer of the gateway, which has begun before, until the token expires.
  await sleep(1100)
  gateway.log.revoke({ kind: 'session', id: 'session-2', until: 4_000_000_000 })
  t.equal(detailsOf((await end).metadata).reason, 'SESSION_ENDED')
})

t.test('if a client does not read, its service can send only a bounded amount', async (t) => {
  const passed: number[] = []
  const { gateway, client, handlers } = await callsThroughGateway(t, {
    logRequest: ({ bytes }) => passed.push(bytes)
  })
  let sent = 0
  handlers.list = (call) => {
    const more = (): void => {
      while (sent < 64 * 1024 * 1024) {
        sent += 65_536
        if (call.write(Buffer.alloc(65_536))) continue
        call.once('drain', more)
        return
      }
      call.end()
    }
    more()
  }
  // A gRPC client reads ahead, so this is an HTTP/2 client.
  const session = connect(gateway.url, { rejectUnauthorized: false })
  const list = session.request({
    ':method': 'POST',
    ':path': '/shop.Catalog/List',
    'content-type': 'application/grpc',
    authorization: `Bearer ${gateway.token()}`
  })
  list.end(Buffer.alloc(5))
  await once(list, 'response')
  let before = -1
  while (before !== sent) {
    before = sent
    await sleep(100)
  }
  t.ok(sent < 2 * 1024 * 1024, `${sent} bytes were sent`)
  t.equal((await unary(client, signedIn(gateway))).code, status.OK, 'other calls continue')
  session.destroy()
  const calls = async () => passed.length
  t.ok((await eventually(calls, (count) => count >= 2, 10_000)) >= 2)
  const most = Math.max(...passed)
  t.ok(most < 512 * 1024, `${most} bytes came to the gateway`)
})

t.test('a gateway that drains loses no call, and sends its clients to another one', async (t) => {
  const key = newKey()
  const served = { draining: 0, other: 0 }
  const first = await callsThroughGateway(t, {
    key,
    logRequest: () => {
      served.draining += 1
    }
  })
  const second = await callsThroughGateway(t, {
    key,
    logRequest: () => {
      served.other += 1
    }
  })
  const client = clientOf(t, first.gateway, second.gateway)
  let begun = () => {}
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve
  })
  first.handlers.list = (call) => {
    let sent = 0
    const next = () => {
      sent += 1
      call.write(Buffer.from(`${sent}`))
      if (sent === 3) begun()
      if (sent < MESSAGES_OF_STREAM) setTimeout(next, 5)
      else call.end()
    }
    next()
  }
  for (const { handlers } of [first, second]) {
    handlers.get = (call, answer) => setTimeout(() => answer(null, call.request), 15)
  }
  const watcher = connect(first.gateway.url, { rejectUnauthorized: false })
  t.teardown(() => watcher.destroy())
  const left = once(watcher, 'goaway')

  const streams = [1, 2, 3].map(async () => {
    const list = listing(client, signedIn(first.gateway))
    let got = 0
    list.on('data', () => {
      got += 1
    })
    const { code } = await endOf(list)
    return { code, got }
  })
  let isOver = false
  const codes = new Map<number, number>()
  const callers = [1, 2].map(async () => {
    while (!isOver) {
      const { code } = await unary(client, signedIn(first.gateway))
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }
  })
  await hasBegun
  first.gateway.drain()
  const [code] = await left
  const closing = first.gateway.close()
  const ended = await Promise.all(streams)
  while (served.other < 5) await unary(client, signedIn(first.gateway))
  isOver = true
  await Promise.all([...callers, closing])

  t.equal(code, 0, 'GOAWAY, without an error')
  t.strictSame(ended, Array(3).fill({ code: status.OK, got: MESSAGES_OF_STREAM }))
  t.strictSame([...codes.keys()], [status.OK], `of ${codes.get(status.OK)} calls`)
  t.ok(served.draining > 3, 'calls went to the first gateway before')
})
