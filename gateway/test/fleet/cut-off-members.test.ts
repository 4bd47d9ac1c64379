import { eventually } from '@gatehouse/fixtures/client'
import { testClock } from '@gatehouse/fixtures/clock'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { KEY_LIFE_MS } from '@gatehouse/fleet/fleet'
import { redisFleet } from '@gatehouse/fleet/redis-fleet'
import t from 'tap'
import { member } from './fixtures/member.ts'

t.test(
  'over Redis: the key of a gateway that is cut off is published for a day, by every other',
  { skip: redisMissing },
  async (t) => {
    const server = await redisServer(t)
    const clock = testClock()
    const fleet = redisFleet(await redisConnection(t, server.url), clock)
    const cutOff = await member(t, fleet, 'cut-off')
    // If a gateway is cut off from Redis, its announcement expires.
    await server.redis.del('gatehouse:{gateways}:cut-off')
    const other = await member(t, fleet, 'other')
    t.strictSame(await other.kids(), [other.kid, cutOff.kid], 'also one that has started since')
    t.strictSame(
      (await fleet.live()).map(({ id }) => id),
      ['other'],
      'it is not live'
    )
    t.equal(await other.isComplete(), true)

    clock.advance(KEY_LIFE_MS + 1)
    await other.announce()
    t.strictSame(await other.kids(), [other.kid, cutOff.kid], 'lost keys are kept for a moment')
    other.clock.advance(30_001)
    t.strictSame(await other.kids(), [other.kid])
    await server.redis.zadd('gatehouse:{gateways}:assertion-keys', 9e15, 'of the future')
    await other.announce()
    t.strictSame((await fleet.assertionJwks()).length, 1, 'no key is kept forever')
    await other.close()
    t.strictSame(await fleet.assertionJwks(), [], 'one that leaves takes its key with it')
  }
)

t.test(
  'over Redis: a gateway that cannot read or write announcements reports that its key set may be incomplete',
  { skip: redisMissing },
  async (t) => {
    const [server, master] = [await redisServer(t), await redisServer(t)]
    const fleet = redisFleet(await redisConnection(t, server.url))
    const [own, other] = [await member(t, fleet, 'own'), await member(t, fleet, 'other')]
    t.equal(await own.isComplete(), true)
    const both = await own.kids()

    // Its data can still be read while the master is away.
    await server.redis.replicaof('127.0.0.1', master.port)
    await own.announce()
    t.equal(await own.isComplete(), false, 'a replica takes no announcement')
    t.equal(own.faults.length, 1)
    await server.redis.replicaof('NO', 'ONE')
    await server.redis.flushall()
    await eventually(
      async () => {
        await own.announce()
        return own.isComplete()
      },
      (complete) => complete,
      20_000
    )
    t.strictSame(await own.kids(), both, 'a store that lost its data gets them again')

    await server.kill()
    t.equal(await own.isComplete(), false)
    t.strictSame(await own.kids(), [own.kid, other.kid], 'it serves those that it knows')
  }
)
