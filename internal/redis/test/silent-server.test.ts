import { once } from 'node:events'
import { type AddressInfo, createServer, Socket } from 'node:net'
import { within } from '@gatehouse/fixtures/own-time'
import {
  COMMAND_TIMEOUT_MS,
  commonOptions,
  type RedisConnection
} from '@gatehouse/redis/connection'
import { freePort } from '@gatehouse/start/free-port'
import t, { type Test } from 'tap'
import { connectRedis } from '../src/connecting/connect-redis.ts'
import { watchFailovers } from '../src/connecting/watch-failovers.ts'
import { faultCause } from '../src/reports/fault-cause.ts'
import { outcome } from './fixtures/outcome.ts'

/** A server that accepts connections and never sends anything. */
async function silentServer(t: Test) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket.on('error', () => {}).resume()))
  const accepted = once(server, 'connection')
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const url = `redis://127.0.0.1:${port}`
  return { url, accepted: () => accepted, another: () => once(server, 'connection') }
}

/** One call of each kind that the stores make. */
const calls: Record<string, (redis: RedisConnection) => Promise<unknown>> = {
  'a read': (redis) => redis.get('key'),
  'a write': (redis) => redis.set('key', 'value'),
  'a script': (redis) => redis.eval('return 1', 0),
  'a transaction': (redis) => redis.multi().set('key', 'value').exec(),
  'a blocking read': (redis) => redis.xread('BLOCK', 1000, 'STREAMS', 'stream', '0')
}

/** A blocking read waits for a second by design. */
const bounds = { commands: 2 * COMMAND_TIMEOUT_MS, blocking: 3000 + COMMAND_TIMEOUT_MS }

for (const [use, boundMs] of Object.entries(bounds) as ['commands' | 'blocking', number][]) {
  t.test(`on a connection for ${use}, every call to a silent server fails in time`, async (t) => {
    const { url, accepted } = await silentServer(t)
    const redis = connectRedis({ url, use, onFault: () => {} })
    t.teardown(() => redis.disconnect())
    await accepted()
    for (const [what, call] of Object.entries(calls)) {
      const ended = await within(t, boundMs, what, () => outcome(call(redis)))
      t.match(ended, { error: String }, what)
    }
  })

  t.test(`a connection for ${use} that stays silent is replaced by another`, async (t) => {
    const { url, accepted, another } = await silentServer(t)
    const redis = connectRedis({ url, use, onFault: () => {} })
    t.teardown(() => redis.disconnect())
    await accepted()
    t.ok(await another())
  })
}

t.test('every call to a missing server fails in time, and the fault is reported', async (t) => {
  const faults: Error[] = []
  const url = `redis://127.0.0.1:${await freePort()}`
  const redis = connectRedis({ url, onFault: (error) => faults.push(error) })
  t.teardown(() => redis.disconnect())
  const refused = new Promise<void>((resolve) => redis.once('close', resolve))
  for (const [what, call] of Object.entries(calls)) {
    t.match(await outcome(call(redis)), { error: String }, what)
  }
  await refused
  t.match(faults, [{ code: 'ECONNREFUSED' }])
})

t.test('a server that closes every connection, such as PostgreSQL, is reported', async (t) => {
  const server = createServer((socket) => socket.once('data', () => socket.end()))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const reported = Promise.withResolvers<Error>()
  const redis = connectRedis({ url: `redis://127.0.0.1:${port}`, onFault: reported.resolve })
  t.teardown(() => redis.disconnect())
  t.equal(
    faultCause(await reported.promise),
    'the server closed the connection without a reply. Is it a Redis server without TLS?'
  )
})

/**
 * A sentinel that accepts the first subscription, closes that connection, and sends nothing after
 * that.
 */
async function forgetfulSentinel(t: Test) {
  let connections = 0
  const asked = Promise.withResolvers<void>()
  const server = createServer((socket) => {
    connections += 1
    const isFirst = connections === 1
    socket.on('error', () => {})
    socket.on('data', (data) => {
      if (!data.includes('subscribe')) return
      if (!isFirst) asked.resolve()
      else socket.end('*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n')
    })
    t.teardown(() => socket.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  return { at: { host: '127.0.0.1', port }, askedAgain: asked.promise }
}

t.test('a sentinel that does not answer a subscription ends no process', async (t) => {
  const unhandled: unknown[] = []
  const note = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  const { at, askedAgain } = await forgetfulSentinel(t)
  const watched = { status: 'ready', stream: new Socket(), disconnect: () => {} } as const
  const timeouts = { connectTimeout: 1000, disconnectTimeout: 20, sentinelCommandTimeout: 20 }
  const address = { name: 'main', sentinels: [at], credentials: {}, sentinelsSecure: false }
  const options = { ...commonOptions, ...timeouts, commandTimeout: 20 }
  const stop = watchFailovers(watched, address, options)
  t.teardown(stop)
  await askedAgain
  // Longer than the time limit of a command.
  await new Promise((resolve) => setTimeout(resolve, 200))
  t.strictSame(unhandled, [])
})
