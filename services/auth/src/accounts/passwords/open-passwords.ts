import { availableParallelism } from 'node:os'
import { shareOf } from '@gatehouse/settings/workers'
import type { Ports } from '../../ports.ts'
import { hashMetrics } from './hash-metrics.ts'
import { type HashQueue, hashQueue, hashThreads } from './hash-queue.ts'
import type { PasswordConfig } from './password-settings.ts'
import { type Passwords, passwords } from './passwords.ts'
import { lowerPoolPriority } from './pool-priority.ts'

export type PasswordPorts = Pick<Ports, 'registry'> & {
  /** for tests: verifies a hash */
  readonly verify?: Parameters<typeof passwords>[2]
}

/** Passwords, hashed at the configured cost. */
export function openPasswords(
  config: PasswordConfig,
  { registry, verify }: PasswordPorts
): Passwords {
  const cost = {
    memoryKib: config.AUTH_PASSWORD_MEMORY_KIB,
    passes: config.AUTH_PASSWORD_PASSES,
    lanes: config.AUTH_PASSWORD_LANES
  }
  const { AUTH_PASSWORD_THREADS: threads, UV_THREADPOOL_SIZE: poolThreads, workers } = config
  const width =
    threads === undefined
      ? hashThreads(poolThreads, availableParallelism() / workers)
      : shareOf(threads, workers)
  const longest = Math.ceil(config.AUTH_PASSWORD_QUEUE / workers)
  const queue = hashQueue({ width, longest, watch: hashMetrics(registry) })
  return passwords(cost, belowRequests(queue), verify)
}

/**
 * Hashes with less priority than the requests of signed-in users. The pool has no threads before
 * its first work, so this looks again until it has.
 */
function belowRequests(queue: HashQueue): HashQueue {
  let isLowered = false
  return (hash) =>
    queue(() => {
      const hashing = hash()
      if (!isLowered) isLowered = lowerPoolPriority()
      return hashing
    })
}
