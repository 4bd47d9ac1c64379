import { client, eventually } from '@gatehouse/fixtures/client'
import { faults } from '@gatehouse/fixtures/faults'
import { operator } from '@gatehouse/fixtures/operator'
import { within } from '@gatehouse/fixtures/own-time'
import { postgresMissing } from '@gatehouse/fixtures/postgres-server'
import { redisMissing } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import { childrenOf, isRunning } from './fixtures/child-processes.ts'
import { floodOf } from './fixtures/flood.ts'
import { followed } from './fixtures/followed-events.ts'
import { askOnce, keepingAlive, multiplexing, steadyLoad } from './fixtures/steady-clients.ts'
import {
  accessToken,
  figure,
  readiness,
  statusAs,
  twoOfEach,
  verifications,
  whenReady
} from './fixtures/two-workers.ts'

const skip = redisMissing || postgresMissing
const PATIENCE_MS = 20_000

/** the number of a client's connections that wait in a primary process */
const MOST_WAITING_OF_CLIENT = 256

const password = 'correct horse battery'

const running = skip ? null : await twoOfEach(t)

const parts = () => {
  if (running === null) throw new Error(String(skip))
  return running
}

const credentials = { email: 'ada@example.com', password }
const authorization =
  running === null ? '' : `Bearer ${await accessToken(running.auth.url, credentials)}`

/** Those that do not end in time. */
const stillRunning = (pids: readonly number[]): Promise<number[]> =>
  eventually(
    async () => pids.filter(isRunning),
    (left) => left.length === 0,
    2 * PATIENCE_MS
  )

const target = () => ({ url: parts().gateway.url, ca: parts().ca, authorization })

t.test('two workers serve one port', { skip, bail: true }, async (t) => {
  const { gateway, auth, folder } = parts()
  const ops = operator(folder)

  t.test('two workers are one service on the ops listener', async (t) => {
    for (const [name, { opsUrl }] of Object.entries({ gateway, auth })) {
      const ready = await whenReady(opsUrl, PATIENCE_MS)
      t.match(ready, { status: 'ready', failing: {}, ageSeconds: {} }, name)
      t.equal(await figure(opsUrl, `${name}_workers`), 2)
      t.equal(await figure(opsUrl, `${name}_workers_configured`), 2)
      t.equal((await client(opsUrl).call('/healthz')).status, 200)
      const foreign = await statusAs('rebound.example', `${opsUrl}/metrics`)
      t.equal(foreign, 403, 'not by a name that is not its own')
    }
    t.equal(await figure(gateway.opsUrl, 'gateway_connections_limit'), 20_000, 'both shares')
    t.equal((await ops(['keys', 'list', '--json'])).code, 0, 'the API of operators')
    const live = (await ops(['gateways', '--json'])).json.gateways as unknown[]
    t.equal(live.length, 2, 'each worker is a gateway')
    const published = await client(gateway.opsUrl).call('/.well-known/gateway-jwks.json')
    t.match(published.body, { keys: [{}, {}], complete: true }, 'the keys of both')
  })

  t.test('workers serve new connections in turn, and their counts are added up', async (t) => {
    const before = await figure(gateway.opsUrl, 'gateway_request_duration_seconds_count')
    for (let turn = 0; turn < 4; turn += 1) {
      const { ask, close } = turn < 2 ? keepingAlive(target()) : multiplexing(target())
      t.equal(await ask('/orders'), 200)
      t.equal(await ask('/orders'), 200)
      await close()
    }
    const after = await figure(gateway.opsUrl, 'gateway_request_duration_seconds_count')
    t.equal(after - before, 8)
    // The token is new to each worker once, and remembered after that.
    t.equal(await verifications(gateway.opsUrl), 2, 'both have served')
  })

  t.test('workers are replaced one after the other, and no request is lost', async (t) => {
    const old = { gateway: childrenOf(gateway.pid), auth: childrenOf(auth.pid) }
    t.strictSame([old.gateway.length, old.auth.length], [2, 2])
    const stop = steadyLoad([keepingAlive(target()), multiplexing(target())])
    const before = await figure(gateway.opsUrl, 'gateway_request_duration_seconds_count')
    process.kill(gateway.pid, 'SIGUSR2')
    process.kill(auth.pid, 'SIGUSR2')
    const left = await stillRunning([...old.gateway, ...old.auth])
    t.strictSame(left, [], 'all have been replaced')
    const answers = await stop()
    t.ok(answers.length > 0)
    t.strictSame(
      answers.filter((answer) => answer !== 200),
      []
    )
    const after = await figure(gateway.opsUrl, 'gateway_request_duration_seconds_count')
    t.ok(after - before >= answers.length - 4, 'what ended workers had counted still counts')
    t.equal(await figure(gateway.opsUrl, 'gateway_worker_restarts_total'), 0, 'none has died')
    t.equal((await readiness(gateway.opsUrl)).status, 'ready')
  })

  t.test('a worker that hangs does not delay the ops listener', async (t) => {
    const [frozen = 0] = childrenOf(gateway.pid)
    process.kill(frozen, 'SIGSTOP')
    try {
      const ready = await within(t, 4000, 'readiness and metrics', async () => {
        await figure(gateway.opsUrl, 'gateway_workers')
        return readiness(gateway.opsUrl)
      })
      t.match(ready, { status: 'degraded', degraded: { workers: '1 of 2 workers not ready' } })
      t.equal((await client(gateway.opsUrl).call('/healthz')).status, 200)
    } finally {
      process.kill(frozen, 'SIGCONT')
    }
  })

  t.test(
    'if all workers hang, the primary process stays alive and limits the waiting connections',
    async (t) => {
      const all = childrenOf(gateway.pid)
      for (const worker of all) process.kill(worker, 'SIGSTOP')
      const limit = MOST_WAITING_OF_CLIENT
      const flood = floodOf(gateway.url, { connections: 400, limit })
      try {
        await within(t, PATIENCE_MS, 'what is over the limit is closed', () => flood.enough)
        t.equal((await client(gateway.opsUrl).call('/healthz')).status, 200, 'it is alive')
        t.equal((await client(gateway.opsUrl).call('/readyz')).status, 503, 'but not ready')
        t.equal(flood.closed(), 400 - limit, 'no further connection is closed')
      } finally {
        flood.end()
        for (const worker of all) process.kill(worker, 'SIGCONT')
      }
      const served = () => askOnce(target()).catch(() => null)
      t.equal(await eventually(served, (status) => status === 200, PATIENCE_MS), 200)
    }
  )

  t.test('a killed worker is replaced, and its counts stay', async (t) => {
    const { pid, opsUrl } = gateway
    const counted = 'gateway_request_duration_seconds_count'
    const before = await figure(opsUrl, counted)
    const [killed = 0] = childrenOf(pid)
    process.kill(killed, 'SIGKILL')
    const now = await eventually(
      async () => ({ pids: childrenOf(pid), ready: await readiness(opsUrl) }),
      ({ pids, ready }) => pids.length === 2 && !pids.includes(killed) && ready.status === 'ready',
      PATIENCE_MS
    )
    t.match(now, { pids: [Number, Number], ready: { status: 'ready' } })
    t.equal(await figure(opsUrl, 'gateway_worker_restarts_total'), 1)
    const lost = before - (await figure(opsUrl, counted))
    t.equal(lost, faults.workerKilled.lost, 'a sum never decreases')
    t.equal(await askOnce(target()), 200)
  })

  t.test('all workers of a gateway are drained, and so is one that is started later', async (t) => {
    const { pid, opsUrl } = gateway
    const listed = async () =>
      (await ops(['gateways', '--json'])).json.gateways as { name: string; drained: boolean }[]
    const [{ name = '' } = {}, ...others] = await listed()
    const before = new Set([name, ...others.map((one) => one.name)])
    const refused = await ops(['gateways', 'drain', name])
    t.match(refused, { code: 1, stderr: /no other gateway would be left/ }, 'workers are one')
    t.match(await ops(['gateways', 'drain', name, '--force']), { code: 0 })
    t.match(await readiness(opsUrl), {
      status: 'draining',
      failing: { draining: 'an operator has drained it' }
    })
    t.equal(await askOnce(target()), 200, 'it still serves')
    const [killed = 0] = childrenOf(pid)
    process.kill(killed, 'SIGKILL')
    const all = await eventually(
      listed,
      (live) => live.some((one) => !before.has(one.name) && one.drained),
      PATIENCE_MS
    )
    const started = all.find((one) => !before.has(one.name))
    t.equal(started?.drained, true)
    t.equal((await readiness(opsUrl)).status, 'draining')
    t.match(await ops(['gateways', 'undrain', started?.name ?? '']), { code: 0 })
    t.equal((await readiness(opsUrl)).status, 'ready')
  })

  t.test('a follower of the live events gets those of every worker, each once', async (t) => {
    const made = await ops(['operators', 'create', 'eve', '--role', 'viewer', '--json'])
    const follow = await followed(auth.opsUrl, String(made.json.token))
    const subjects = new Set<string>()
    const logins = Array.from({ length: 6 }, async (_, place) => {
      // Each has a connection of its own, which the primary process hands to the next worker.
      const { call } = client(auth.url)
      const json = { email: `live-${place}@example.com`, password }
      const { body } = await call<{ user: { id: string } }>('/register', { json })
      subjects.add(body.user.id)
    })
    await Promise.all(logins)
    const heard = await eventually(
      follow,
      (events) => [...subjects].every((id) => events.some(({ user }) => user === id)),
      PATIENCE_MS
    )
    const created = heard.filter(({ kind, user }) => kind === 'user-created' && subjects.has(user))
    t.strictSame(created.map(({ user }) => user).sort(), [...subjects].sort())
  })

  t.test('workers end with their primary process, however it ends', async (t) => {
    const workers = childrenOf(gateway.pid)
    t.equal(workers.length, 2)
    await gateway.kill()
    t.strictSame(await stillRunning(workers), [], 'no orphan of a killed one')
    const others = childrenOf(auth.pid)
    t.equal(await auth.stop(), 0, 'SIGTERM drains all of them')
    t.strictSame(others.filter(isRunning), [])
  })
})
