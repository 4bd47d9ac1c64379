import type { Socket } from 'node:net'
import type { Redis } from 'ioredis'

/**
 * Sends the commands of one turn of the event loop together. Under load, requests of several
 * clients arrive in one turn, and a system call for each command would cost more than the command
 * itself. The order of the commands and their time limits stay as they are, and an idle process
 * waits for nothing.
 */
export function gatherWrites(redis: Redis): void {
  redis.on('connect', () => gather(redis.stream))
}

function gather(stream: Pick<Socket, 'cork' | 'uncork' | 'write'>): void {
  const write = stream.write.bind(stream) as Socket['write']
  let isGathering = false
  const sendAll = (): void => {
    isGathering = false
    stream.uncork()
  }
  stream.write = ((...given: Parameters<Socket['write']>) => {
    if (!isGathering) {
      isGathering = true
      stream.cork()
      setImmediate(sendAll)
    }
    return write(...given)
  }) as Socket['write']
}
