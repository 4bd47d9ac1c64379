import { readFileSync } from 'node:fs'
import { client, eventually } from '@gatehouse/fixtures/client'
import { faults } from '@gatehouse/fixtures/faults'
import { type Installation, installation } from '@gatehouse/fixtures/installation'
import { postgresMissing } from '@gatehouse/fixtures/postgres-server'
import { redisMissing } from '@gatehouse/fixtures/redis-server'
import t from 'tap'

const skip = redisMissing || postgresMissing
const CLIENTS = 8
const ada = ['ada@example.com', 'correct horse battery'] as const

/** Signs somebody in. */
async function tokenFrom({ gateways }: Installation): Promise<string> {
  const { register, login } = client(gateways[0]?.url ?? '')
  await register(...ada)
  return (await login(...ada)).body.accessToken
}

/** Clients that order one thing after the other, until they are told to stop. */
function ordering({ gateways }: Installation, token: string) {
  const { call } = client(gateways[0]?.url ?? '')
  const statuses: number[] = []
  let going = true
  const order = async () => {
    while (going) {
      const { status } = await call('/orders', { token, json: { item: 'tea', quantity: 1 } })
      statuses.push(status)
    }
  }
  const clients = Array.from({ length: CLIENTS }, order)
  const more = async (count: number) => {
    const enough = statuses.length + count
    while (statuses.length < enough) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const stop = async () => {
    going = false
    await Promise.all(clients)
  }
  return { statuses, more, stop, failed: () => statuses.filter((status) => status !== 201) }
}

/**
 * How many connections of this machine to the port of this address are established, for as much as
 * their own end knows.
 */
function connectionsTo(url: string): number {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0')
  const sockets = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)
  return sockets.filter((line) => {
    const [, , remote, state] = line.trim().split(/\s+/)
    return state === '01' && remote?.endsWith(`:${port}`)
  }).length
}

const system = skip ? null : await installation(t, { auths: 1, gateways: 1, orders: 2 })
const token = system === null ? '' : await tokenFrom(system)
const running = () => {
  if (system === null) throw new Error(String(skip))
  return { system, token }
}

t.test('a killed auth service costs no request of a client with a token', { skip }, async (t) => {
  const { system, token } = running()
  const load = ordering(system, token)
  await load.more(100)
  await system.auths[0]?.kill()
  await load.more(200)
  await load.stop()
  t.equal(load.failed().length, faults.authKilled.lost)
  const { status, body } = await client(system.gateways[0]?.url ?? '').login(...ada)
  t.match(
    { status, body },
    { status: faults.authKilled.statuses[0], body: { code: 'UPSTREAM_UNAVAILABLE' } }
  )
})

t.test('a killed service costs only the requests in flight to it', { skip }, async (t) => {
  const { system, token } = running()
  const load = ordering(system, token)
  await load.more(100)
  t.strictSame(load.failed(), [])

  const killed = system.orders[0]
  await killed?.kill()
  // The kernel closes the connections of a killed process one by one, and a busy machine delays it.
  // Until the last one is closed, a client can lose more than one request.
  const left = await eventually(
    async () => connectionsTo(killed?.url ?? ''),
    (count) => count === 0
  )
  t.equal(left, 0, 'no connection to the killed process is open')
  const whileDying = load.failed().length
  await load.more(200)
  await load.stop()
  const lost = load.failed().length - whileDying
  const { statuses, lost: mostPerClient } = faults.serviceKilled
  t.ok(lost <= CLIENTS * mostPerClient, `${lost} requests of ${CLIENTS} clients`)
  t.strictSame([...new Set([...load.failed(), ...statuses])], statuses)
})
