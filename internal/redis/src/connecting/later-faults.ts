import type { Redis } from 'ioredis'

/**
 * Handles the errors of a connection after its first one. ioredis listens to only one. Over TLS, a
 * second one may follow, such as the alert that explains why the connection has failed, and an
 * error without a listener ends the process.
 */
export function takeLaterFaults(redis: Redis): void {
  const ignoreErrors = () => {
    const stream: Redis['stream'] | undefined = redis.stream
    stream?.on('error', () => {})
  }
  redis.on('connect', ignoreErrors)
  // A handshake that fails never gets to 'connect'. ioredis emits this while it handles the first
  // error of the socket, so it comes before the second one.
  redis.on('error', () => {
    if (redis.stream?.listenerCount('error') === 0) ignoreErrors()
  })
}
