import { once } from 'node:events'
import t from 'tap'
import { httpTwoConnections } from '../../../src/forwarding/connections/http-two/http-two-connections.ts'
import { httpTwoService, type OnStream } from '../fixtures/http-two-service.ts'
import { outcome, service } from '../fixtures/recorded-service.ts'

const CLOSED_HERE = 'UND_ERR_DESTROYED'

t.test('a request over HTTP/1.1 ends when the gateway closes its connections', async (t) => {
  const { ask, lines, sockets } = await service(t, () => {})
  const asked = ask('GET')
  while (sockets.length === 0) await new Promise(setImmediate)
  await lines.close()
  t.equal(await asked, CLOSED_HERE)
})

t.test(
  'a request over HTTP/2 ends when the gateway closes its connections, and opens no other one',
  async (t) => {
    const two = await httpTwoService(t)
    const monotonicClock = () => performance.now()
    const lines = httpTwoConnections({ connectMs: 60_000, monotonicClock, noteFault() {} })
    t.teardown(() => lines.close())
    const ask = () =>
      outcome(
        lines,
        { origin: two.url, path: '/', method: 'GET', body: null },
        { protocol: 'h2c', keepAliveSeconds: 0, tls: null }
      )
    t.equal(await ask(), '200 ok')
    const arrived = Promise.withResolvers<Parameters<OnStream>[0]>()
    two.onStream = (stream) => arrived.resolve(stream)
    const asked = ask()
    const ended = once(await arrived.promise, 'close')
    await lines.close()
    t.equal(await asked, CLOSED_HERE)
    await ended
    t.equal(two.made, 1)
  }
)
