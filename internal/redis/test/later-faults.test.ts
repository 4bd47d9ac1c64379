import { once } from 'node:events'
import { createServer } from 'node:net'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { connectRedis } from '../src/connecting/connect-redis.ts'

/** The socket of a connection gets three errors. */
function isUnharmed(t: Test, redis: unknown): void {
  if (!(redis instanceof Redis)) throw new Error('it is a connection to one server')
  const { stream } = redis
  for (const which of ['first', 'second', 'third']) {
    t.doesNotThrow(() => stream.emit('error', new Error(which)), which)
  }
}

t.test(
  'a second error of one connection does not end the process',
  { skip: redisMissing },
  async (t) => {
    const { url } = await redisServer(t)
    const redis = connectRedis({ url, onFault: () => {} })
    t.teardown(() => redis.disconnect())
    if (redis.status !== 'ready') await once(redis, 'ready')
    isUnharmed(t, redis)
  }
)

t.test('a second error during a TLS handshake does not end the process', async (t) => {
  const silent = createServer((socket) => t.teardown(() => socket.destroy()))
  await once(silent.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => silent.close())
  const address = silent.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const redis = connectRedis({ url: `rediss://127.0.0.1:${port}`, tls: {}, onFault: () => {} })
  t.teardown(() => redis.disconnect())
  await once(silent, 'connection')
  isUnharmed(t, redis)
})
