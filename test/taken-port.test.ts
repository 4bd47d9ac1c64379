import { once } from 'node:events'
import { createServer } from 'node:net'
import { eventually } from '@gatehouse/fixtures/client'
import { freePort } from '@gatehouse/fixtures/free-port'
import { house } from '@gatehouse/fixtures/house'
import t from 'tap'

const ports = ['AUTH', 'ORDERS', 'ECHO', 'GATEWAY'].flatMap((room) => [
  `${room}_OPS_PORT`,
  `${room}_PORT`
])

const listeners = () =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'TCPServerWrap').length

for (const name of ports) {
  t.test(`where ${name} is taken, nothing of what has started is left`, async (t) => {
    const port = await freePort()
    const other = createServer()
    t.teardown(() => other.close())
    await once(other.listen(port, '127.0.0.1'), 'listening')
    await t.rejects(house(t, { [name]: String(port) }), { code: 'EADDRINUSE' })
    const left = await eventually(
      async () => listeners(),
      (count) => count === 1
    )
    t.equal(left, 1, 'only the other one listens')
  })
}
