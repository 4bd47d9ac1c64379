import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { processEnvironment, serviceProgram } from '@gatehouse/fixtures/program'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { wholeSystem } from '@gatehouse/fixtures/whole-system'
import { freePort } from '@gatehouse/start/free-port'
import t from 'tap'

const ports = ['AUTH', 'ORDERS', 'ECHO', 'GATEWAY'].flatMap((service) => [
  `${service}_OPS_PORT`,
  `${service}_PORT`
])

const listeners = () =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'TCPServerWrap').length

for (const name of ports) {
  t.test(`if ${name} is in use, no started service is left`, async (t) => {
    const port = await freePort()
    const other = createServer()
    t.teardown(() => other.close())
    await once(other.listen(port, '127.0.0.1'), 'listening')
    await t.rejects(wholeSystem(t, { [name]: String(port) }), { code: 'EADDRINUSE' })
    const left = await eventually(
      async () => listeners(),
      (count) => count === 1
    )
    t.equal(left, 1, 'only the other one listens')
  })
}

const ended = async (child: ChildProcess): Promise<[number | null, string]> => {
  if (child.stderr === null) throw new Error('the process has no output')
  const [[code], said] = await Promise.all([once(child, 'exit'), text(child.stderr)])
  return [code, said]
}

t.test(
  'if the port of workers is taken, the reason is printed once',
  { skip: redisMissing },
  async (t) => {
    const other = createServer()
    t.teardown(() => other.close())
    await once(other.listen(0, '127.0.0.1'), 'listening')
    const { port } = other.address() as { port: number }
    const child = fork(serviceProgram('gateway'), {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {
        ...processEnvironment(),
        LOG_LEVEL: 'silent',
        GATEHOUSE_DATA_DIR: dataFolder(t),
        REDIS_URL: (await redisServer(t)).url,
        GATEWAY_WORKERS: '2',
        GATEWAY_PORT: String(port),
        GATEWAY_OPS_PORT: '0'
      }
    })
    const [code, said] = await ended(child)
    t.equal(code, 1)
    t.match(
      said,
      new RegExp(`^Cannot start: GATEWAY_PORT: cannot listen on 127.0.0.1:${port}: .*\n$`)
    )
  }
)
