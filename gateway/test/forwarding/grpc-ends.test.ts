import { once } from 'node:events'
import { connect } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import { Registry } from 'prom-client'
import t from 'tap'
import { callsThroughGateway, endOf, listing, signedIn, talking, unary } from './fixtures/calls.ts'
import { detailsOf } from './fixtures/status-details.ts'

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

t.test('a client that does not read bounds what its service can send', async (t) => {
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
  // A client of gRPC reads ahead, so this one is of HTTP/2.
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
  t.equal((await unary(client, signedIn(gateway))).code, status.OK, 'other calls go on')
  session.destroy()
  while (passed.length < 2) await sleep(20)
  const most = Math.max(...passed)
  t.ok(most < 512 * 1024, `${most} bytes came to the gateway`)
})
