import { Redis } from 'ioredis'
import type { ConnectionOptions } from './connect-redis.ts'
import { takeLaterFaults } from './later-faults.ts'
import type { SentinelAddress } from './redis-address.ts'
import { supervise } from './supervise.ts'

/** what sentinels publish when another server has become the master: `<name> <old host> <old port> <host> <port>` */
const SWITCHED = '+switch-master'

/**
 * Makes a connection anew when a sentinel announces another master. A master that a partition has cut off from the sentinels, and
 * not from this process, would keep its clients otherwise. ioredis has such a detector of its own; this one differs in three
 * ways: it leaves a connection alone that is looking the master up already (ioredis would end it for good), it is supervised
 * itself, and a sentinel that is away does not fill standard error with stack traces.
 * @returns a function that ends the watch
 */
export function watchFailovers(
  redis: Pick<Redis, 'status' | 'disconnect'>,
  { name, sentinels }: SentinelAddress,
  options: ConnectionOptions
): () => void {
  const watchers = sentinels.map((sentinel) => {
    const watcher = new Redis({ ...options, ...sentinel, enableReadyCheck: false })
    watcher.on('error', () => {})
    takeLaterFaults(watcher)
    watcher.on('ready', () => void watcher.subscribe(SWITCHED).catch(() => {}))
    watcher.on('message', (_channel: string, message: string) => {
      if (message.startsWith(`${name} `) && redis.status === 'ready') redis.disconnect(true)
    })
    supervise(watcher, { probes: true })
    return watcher
  })
  return () => {
    for (const watcher of watchers) watcher.disconnect()
  }
}
