import { once } from 'node:events'
import { createServer } from 'node:net'
import { eventually } from '@gatehouse/fixtures/client'
import { freePort } from '@gatehouse/fixtures/free-port'
import { house } from '@gatehouse/fixtures/house'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
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

t.test(
  'a process that finds its port taken says so to the house',
  { skip: redisMissing },
  async (t) => {
    const port = await freePort()
    const other = createServer()
    t.teardown(() => other.close())
    await once(other.listen(port, '127.0.0.1'), 'listening')
    const { url } = await redisServer(t)
    const settings = { REDIS_URL: url, ECHO_OPS_PORT: String(port) }
    // Then the house looks for other ports, up to three times, where it chose them.
    await t.rejects(house(t, settings), { code: 'EADDRINUSE' })
  }
)
