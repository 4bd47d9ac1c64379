import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { Redis } from 'ioredis'
import t from 'tap'
import { outcome } from './fixtures/outcome.ts'

t.test('the commands of one turn are sent together', { skip: redisMissing }, async (t) => {
  const { url } = await redisServer(t)
  const redis = await redisConnection(t, url)
  if (!(redis instanceof Redis)) throw new TypeError('this is not a single server')
  // A probe of the supervision may be under way.
  await turn()
  const { stream } = redis

  t.test('commands of one turn are sent in their order', async (t) => {
    const counts = [redis.incr('count'), redis.incr('count'), redis.incr('count')]
    const gathered = stream.writableLength
    t.ok(gathered >= 3 * '*2\r\n$4\r\nincr\r\n$5\r\ncount\r\n'.length, 'nothing is sent yet')
    t.strictSame(await Promise.all(counts), [1, 2, 3])
    t.equal(stream.writableLength, 0)
    t.equal(await redis.incr('count'), 4, 'a later turn begins anew')
  })

  t.test(
    'the commands of one turn fail together if the connection ends before they are sent',
    async (t) => {
      const lost = once(stream, 'close')
      const counts = [redis.incr('count'), redis.incr('count')]
      stream.destroy()
      const faults = await Promise.all(counts.map(outcome))
      t.match(faults, [{ error: String }, { error: String }])
      await lost
      await once(redis, 'ready')
      t.equal(await redis.incr('count'), 5, 'neither was sent, and neither is sent again')
    }
  )
})
