import { lookup } from 'node:dns/promises'
import type { Socket } from 'node:net'
import { Redis } from 'ioredis'
import type { SentinelAddress } from '../redis-address.ts'
import type { ConnectionOptions } from './connection.ts'
import { takeLaterFaults } from './later-faults.ts'
import { supervise } from './supervise.ts'

/**
 * what sentinels publish when another server has become the master: `<name> <old host> <old port>
 * <host> <port>`
 */
const SWITCHED = '+switch-master'

type Watched = Pick<Redis, 'status' | 'disconnect' | 'stream'>

/**
 * Reopens a connection when a sentinel announces another master. Otherwise, a master that is cut
 * off from the sentinels but not from this process would keep its clients. ioredis has such a
 * detector too; this one differs in four ways. It leaves a connection alone that is already
 * looking for the master (ioredis would end it finally), or that is at the announced one: each
 * sentinel announces it when it hears of it. It is supervised itself. An unreachable sentinel does
 * not fill standard error with stack traces.
 * @returns a function that stops the watch
 */
export function watchFailovers(
  redis: Watched,
  { name, sentinels }: SentinelAddress,
  options: ConnectionOptions
): () => void {
  const watchers = sentinels.map((sentinel) => {
    const watcher = new Redis({ ...options, ...sentinel, enableReadyCheck: false })
    watcher.on('error', () => {})
    takeLaterFaults(watcher)
    watcher.on('ready', () => void watcher.subscribe(SWITCHED).catch(() => {}))
    watcher.on('message', (_channel: string, message: string) => {
      const [of, , , host, port] = message.split(' ')
      if (of === name) void reopenElsewhere(redis, host, port)
    })
    supervise(watcher, { probes: true })
    return watcher
  })
  return () => {
    for (const watcher of watchers) watcher.disconnect()
  }
}

/** Reopens a connection, unless it is at this master, or has ended meanwhile. */
async function reopenElsewhere(redis: Watched, host = '', port = ''): Promise<void> {
  if (redis.status !== 'ready') return
  const { stream } = redis
  const isThere = String(stream.remotePort) === port && (await isAddressOf(stream, host))
  if (!isThere && redis.stream === stream && redis.status === 'ready') redis.disconnect(true)
}

/** False for a translated address, which cannot be compared. */
async function isAddressOf(stream: Socket, host: string): Promise<boolean> {
  // With `announce-hostnames`, sentinels announce a name.
  const found = await lookup(host, { all: true }).catch(() => [])
  return found.some(({ address }) => address === stream.remoteAddress)
}
