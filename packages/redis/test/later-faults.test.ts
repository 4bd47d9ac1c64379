import { once } from 'node:events'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { connectRedis } from '@gatehouse/redis/connect-redis'
import { Redis } from 'ioredis'
import t from 'tap'

t.test(
  'a second error of one connection does not end the process',
  { skip: redisMissing },
  async (t) => {
    const { url } = await redisServer(t)
    const redis = connectRedis({ url, onFault: () => {} })
    t.teardown(() => redis.disconnect())
    if (redis.status !== 'ready') await once(redis, 'ready')
    if (!(redis instanceof Redis)) throw new Error('it is a connection to one server')
    const { stream } = redis
    for (const which of ['first', 'second', 'third']) {
      t.doesNotThrow(() => stream.emit('error', new Error(which)), which)
    }
  }
)
