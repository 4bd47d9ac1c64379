import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { client, eventually } from '@gatehouse/fixtures/client'
import { endsInTime } from '@gatehouse/fixtures/ends-in-time'
import { faults } from '@gatehouse/fixtures/faults'
import { FLEET_PATIENCE_MS, gatewayFleet, kidOf } from '@gatehouse/fixtures/gateway-fleet'
import { installation } from '@gatehouse/fixtures/installation'
import { within } from '@gatehouse/fixtures/own-time'
import { postgresMissing } from '@gatehouse/fixtures/postgres-server'
import { redisMissing } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import { CLIENTS, connectionsTo, ordering } from './fixtures/ordering-clients.ts'

const skip = redisMissing || postgresMissing
type Listed = { readonly id: string; readonly name: string; readonly failing: string[] }

const isServed = (status: number) => status === 200

t.test('the system survives a process killed in a rotation or under load', { skip }, async (t) => {
  const system = await installation(t, { auths: 1, gateways: 2, orders: 2 })
  const { ops, keys, clients, login, activeKid } = await gatewayFleet(system, {
    // Each auth service that is killed has written its own address for the command line, because it
    // was the last one to start.
    AUTH_OPS_URL: system.auths[0]?.opsUrl ?? ''
  })

  let signedIn = ''
  /** The gateway that still runs at the end, and a token from before the auth services ended. */
  const ordersOf = async () => {
    signedIn ||= (await login()).accessToken
    return { url: system.gateways[0]?.url ?? '', token: signedIn }
  }

  t.test(
    'an auth service is killed at any moment: the next command completes the rotation',
    async (t) => {
      const token = readFileSync(join(system.folder, 'ops-token'), 'utf8').trim()
      const states = new Set<string>()
      // A gateway that is stopped holds up the last rotation, which is then killed in its middle.
      const held = system.gateways[1]?.pid ?? 0
      for (const afterMs of [0, 20, 320, null]) {
        const count = (await keys()).length
        if (afterMs === null) process.kill(held, 'SIGSTOP')
        const victim = await system.startAuth()
        const broken = fetch(`${victim.opsUrl}/ops/keys/rotate`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}` }
        }).then(
          (response) => response.status,
          () => 0
        )
        if (afterMs !== null) await sleep(afterMs)
        else await eventually(keys, (found) => found.length > count, FLEET_PATIENCE_MS)
        await victim.kill()
        await broken
        const found = await keys()
        for (const { state } of found) states.add(state)
        if (afterMs === null) process.kill(held, 'SIGCONT')
        t.equal(found.filter(({ state }) => state === 'active').length, 1, `after ${afterMs} ms`)
        const rotated = await ops(['keys', 'rotate', '--json'])
        t.equal(rotated.code, 0, rotated.stdout)
        const after = await keys()
        t.strictSame(
          after.filter(({ state }) => state === 'standby'),
          [],
          'nothing is left half done'
        )
        const { accessToken } = await login()
        t.equal(kidOf(accessToken), after.find(({ state }) => state === 'active')?.kid)
        for (const { call } of clients) {
          t.equal((await call('/orders', { token: accessToken })).status, 200)
        }
      }
      t.ok(states.has('standby'), 'a kill came in the middle of a rotation')
    }
  )

  t.test(
    'a gateway is killed: the rotation waits no longer than its announcement lasts',
    async (t) => {
      const late = await system.startGateway()
      const before = await activeKid()
      await late.kill()
      const rotated = await ops(['keys', 'rotate', '--json'])
      t.equal(rotated.code, 0, rotated.stderr)
      t.not(await activeKid(), before)
      t.match((await ops(['gateways'])).stdout, /\b2 gateways\n/)
    }
  )

  t.test('a gateway that ends or was just killed is not one that serves', async (t) => {
    const [ending, killed] = await Promise.all([
      system.startGateway({ DRAIN_SECONDS: '25' }),
      system.startGateway()
    ])
    const listed = async () => (await ops(['gateways', '--json'])).json.gateways as Listed[]
    const named = async ({ pid }: { pid: number }) =>
      (await listed()).find(({ name }) => name.endsWith(`:${pid}`))
    const [first, second] = await Promise.all(system.gateways.map(named))
    t.match(await ops(['gateways', 'drain', first?.id ?? '']), { code: 0 })
    void ending.stop()
    const end = await eventually(
      () => named(ending),
      (gateway) => gateway?.failing.length === 1,
      FLEET_PATIENCE_MS
    )
    t.strictSame(end?.failing, ['the process is ending'])
    t.match(await named(killed), { failing: [], drained: false })
    await killed.kill()
    const last = await ops(['gateways', 'drain', second?.id ?? ''])
    t.match(last, { code: 1, stderr: /no other gateway would be left that serves clients/ })
    t.match(await named(killed), { failing: [] }, 'it is still listed')
    t.equal((await client(system.gateways[1]?.opsUrl ?? '').call('/readyz')).status, 200)
    t.match(await ops(['gateways', 'undrain', first?.id ?? '']), { code: 0 })
    await ending.kill()
  })

  t.test('a gateway is killed while the rotation waits for it: the wait ends', async (t) => {
    const before = await activeKid()
    const count = (await keys()).length
    // While it is stopped, it neither fetches the key nor counts as gone.
    const pid = system.gateways[1]?.pid ?? 0
    process.kill(pid, 'SIGSTOP')
    const rotating = ops(['keys', 'rotate', '--json'])
    await eventually(
      async () => (await keys()).length,
      (now) => now > count,
      FLEET_PATIENCE_MS
    )
    const { url, token } = await ordersOf()
    const load = ordering(url, token)
    await load.more(50)
    process.kill(pid, 'SIGKILL')
    const rotation = within(
      t,
      faults.gatewayKilledInRotation.endsWithinMs,
      'the rotation',
      () => rotating
    )
    const other = async () => (await client(url).call('/orders', { token })).status
    await endsInTime(t, faults.gatewayKilled, other, isServed)
    await load.more(50)
    await load.stop()
    t.equal(load.failed().length, faults.gatewayKilled.lost, 'clients of the other gateway')
    await t.rejects(client(system.gateways[1]?.url ?? '').call('/orders'))
    const rotated = await rotation
    t.equal(rotated.code, 0, rotated.stderr)
    const lost = (await activeKid()) === before ? 1 : 0
    t.equal(lost, faults.gatewayKilledInRotation.lost)
  })

  t.test('a killed auth service costs no request of a client with a token', async (t) => {
    const { url, token } = await ordersOf()
    const load = ordering(url, token)
    await load.more(100)
    await system.auths[0]?.kill()
    await load.more(200)
    await load.stop()
    t.equal(load.failed().length, faults.authKilled.lost)
    const { status, body } = await client(url).login('ada@example.com', 'correct horse battery')
    t.match(
      { status, body },
      { status: faults.authKilled.statuses[0], body: { code: 'UPSTREAM_UNAVAILABLE' } }
    )
  })

  t.test('a killed service costs only the requests in flight to it', async (t) => {
    const { url, token } = await ordersOf()
    const load = ordering(url, token)
    await load.more(100)
    t.strictSame(load.failed(), [])

    const killed = system.orders[0]
    await killed?.kill()
    // The kernel closes the connections of a killed process one by one, and a busy machine delays
    // it. Until the last one is closed, a client can lose more than one request.
    const left = await eventually(
      async () => connectionsTo(killed?.url ?? ''),
      (count) => count === 0
    )
    t.equal(left, 0, 'no connection to the killed process is open')
    const whileDying = load.failed().length
    await load.more(200)
    await load.stop()
    const next = async () => (await client(url).call('/orders', { token })).status
    await endsInTime(t, faults.serviceKilled, next, isServed)
    const lost = load.failed().length - whileDying
    const { statuses, lost: mostPerClient } = faults.serviceKilled
    t.ok(lost <= CLIENTS * mostPerClient, `${lost} requests of ${CLIENTS} clients`)
    t.strictSame([...new Set([...load.failed(), ...statuses])], statuses)
  })
})
