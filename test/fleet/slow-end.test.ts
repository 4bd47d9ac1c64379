import { once } from 'node:events'
import { connect } from 'node:net'
import { within } from '@gatehouse/fixtures/own-time'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import t from 'tap'

// A complete request, and the beginning of one that never completes.
const GET = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'
const BEGINNING = 'POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{'

t.test(
  'slow clients of inner listeners do not delay the shutdown of the whole system',
  async (t) => {
    const system = await wholeSystem(t)
    const inner = system.services.flatMap(({ name, url, opsUrl }) =>
      name === 'gateway' ? [opsUrl] : [url, opsUrl]
    )
    t.equal(inner.length, 7)
    const cut = await Promise.all(
      inner.map(async (url) => {
        const { hostname, port } = new URL(url)
        const socket = connect(Number(port), hostname)
        t.teardown(() => socket.destroy())
        // The gateway may cut a connection with a reset.
        socket.on('error', () => {})
        socket.write(`${GET}${BEGINNING}`)
        await once(socket, 'data')
        return { over: new Promise((resolve) => socket.once('close', resolve)) }
      })
    )
    await within(t, 10_000, 'the end', () => system.close())
    await Promise.all(cut.map(({ over }) => over))
    t.ok(system.endsWithinMs <= (25 + 3 + 2 + 3) * 1000)
  }
)
