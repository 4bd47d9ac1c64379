import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { anyPort, house } from '@gatehouse/fixtures/house'
import { patience } from '@gatehouse/fixtures/patience'
import { processEnvironment } from '@gatehouse/fixtures/program'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { roomIsUp } from '@gatehouse/room/start-message'
import { freePort } from '@gatehouse/start/free-port'
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
  'where rooms are processes, a house that chooses its ports looks for others',
  { skip: redisMissing },
  async (t) => {
    const port = await freePort()
    const other = createServer()
    t.teardown(() => other.close())
    await once(other.listen(port, '127.0.0.1'), 'listening')
    const env = {
      ...{ ...processEnvironment(), LOG_LEVEL: 'silent', ...patience, ...anyPort },
      ...{ GATEHOUSE_DATA_DIR: dataFolder(t), REDIS_URL: (await redisServer(t)).url },
      ECHO_OPS_PORT: String(port)
    }
    const child = fork(fileURLToPath(import.meta.resolve('@gatehouse/start/main')), {
      ...{ env, silent: true }
    })
    t.teardown(async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    })
    const up = roomIsUp('the house', child)
    const [complaint] = await once(child.stderr ?? child, 'data')
    t.match(
      String(complaint),
      `Cannot start: listen EADDRINUSE: address already in use 127.0.0.1:${port}`
    )
    other.close()
    const { url } = await up
    t.equal((await fetch(`${url}/echo/hello`)).status, 401, 'it is there')
  }
)
