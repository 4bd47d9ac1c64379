import { once } from 'node:events'
import { connect } from 'node:http2'
import { status } from '@grpc/grpc-js'
import t from 'tap'
import { newKey } from '../fixtures/issuer.ts'
import { callsThroughGateway, clientOf, endOf, listing, signedIn, unary } from './fixtures/calls.ts'

const MESSAGES = 40

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
      if (sent < MESSAGES) setTimeout(next, 5)
      else call.end()
    }
    next()
  }
  for (const { handlers } of [first, second]) {
    handlers.get = (call, answer) => setTimeout(() => answer(null, call.request), 5)
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
  const callers = [1, 2, 3, 4].map(async () => {
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
  while (served.other < 20) await unary(client, signedIn(first.gateway))
  isOver = true
  await Promise.all([...callers, closing])

  t.equal(code, 0, 'GOAWAY, without an error')
  t.strictSame(ended, Array(3).fill({ code: status.OK, got: MESSAGES }))
  t.strictSame([...codes.keys()], [status.OK], `of ${codes.get(status.OK)} calls`)
  t.ok(served.draining > 3, 'calls went to the first gateway before')
})
