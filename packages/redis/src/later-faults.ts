import type { Redis } from 'ioredis'

/**
 * Handles the errors of a connection after its first one. ioredis listens to only one. Over TLS, a
 * second one may follow, such as the alert that explains why the connection has failed, and an
 * error without a listener ends the process.
 */
export function takeLaterFaults(redis: Redis): void {
  redis.on('connect', () => redis.stream.on('error', () => {}))
}
