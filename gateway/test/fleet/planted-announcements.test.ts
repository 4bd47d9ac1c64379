import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { MOST_GATEWAYS } from '@gatehouse/fleet/fleet'
import { redisFleet } from '@gatehouse/fleet/redis-fleet'
import t from 'tap'
import { announcement } from './fixtures/bare-announcement.ts'

t.test(
  'a gateway that announces itself while its expired name is removed stays in the list of live gateways',
  { skip: redisMissing },
  async (t) => {
    const { redis } = await redisServer(t)
    const paused = announcement('paused')
    const { announce } = redisFleet(redis)
    const justBefore = new Proxy(redis, {
      get(target, name) {
        if (name !== 'srem') return Reflect.get(target, name).bind?.(target)
        return async (key: string, ids: string[]) => {
          await announce(paused)
          return target.srem(key, ids)
        }
      }
    })
    await redis.sadd('gatehouse:{gateways}', 'paused')
    t.strictSame(await redisFleet(justBefore).live(), [], 'its announcement had run out')
    t.match(await redisFleet(redis).live(), [{ id: 'paused' }])
  }
)

t.test(
  'a flood of announcements does not hide the gateways that were listed before it',
  { skip: redisMissing },
  async (t) => {
    const { redis } = await redisServer(t)
    const floods: number[] = []
    const fleet = redisFleet(redis, Date.now, (announced) => floods.push(announced))
    const real = ['edge-1', 'edge-2']
    for (const id of real) await fleet.announce(announcement(id))
    t.equal((await fleet.live()).length, 2)
    const planted = Array.from({ length: 2000 }, (_, index) => `planted-${index}`)
    const texts = planted.flatMap((id) => [
      `gatehouse:{gateways}:${id}`,
      JSON.stringify(announcement(id))
    ])
    await redis.call('mset', ...texts)
    await redis.sadd('gatehouse:{gateways}', planted)
    for (const _ of [1, 2]) {
      const live = await fleet.live()
      t.equal(live.length, MOST_GATEWAYS)
      t.match(
        live.map(({ id }) => id),
        new Set(real)
      )
    }
    t.strictSame(floods, [2002], 'it is reported once')
    await redis.del(planted.map((id) => `gatehouse:{gateways}:${id}`))
    for (const _ of [1, 2, 3]) await fleet.live()
    const left = (await fleet.live()).map(({ id }) => id).sort()
    t.strictSame(left, real, 'ids without an announcement are removed')
  }
)

t.test(
  'no process reads the megabytes that somebody has planted',
  { skip: redisMissing },
  async (t) => {
    const { redis } = await redisServer(t)
    const fleet = redisFleet(redis)
    await fleet.announce(announcement('real'))
    await fleet.questions.ask({ id: 'asked', to: ['real'], request: null })
    await fleet.questions.answer('asked', 'real', 'answered')
    const long = 'x'.repeat(1024 * 1024)
    await redis.set('gatehouse:{gateways}:planted', JSON.stringify({ long }))
    await redis.sadd('gatehouse:{gateways}', 'planted', long)
    await redis.zadd('gatehouse:{gateways}:assertion-keys', Date.now(), long)
    await redis.zadd('gatehouse:{gateways}:questions', Date.now(), long)
    await redis.hset('gatehouse:{gateways}:answers:asked', 'planted', long)

    const received = () => Number(Reflect.get(redis, 'stream').bytesRead)
    const before = received()
    t.match(await fleet.live(), [{ id: 'real' }])
    t.equal((await fleet.assertionJwks()).length, 1)
    t.match(await fleet.questions.open(), [{ id: 'asked' }])
    const answers = await fleet.questions.answers('asked', ['planted', 'real'])
    t.strictSame([...answers], [['real', 'answered']])
    t.ok(received() - before < 10_000, `${received() - before} bytes`)
    t.ok((await redis.ttl('gatehouse:{gateways}:answers:asked')) > 0, 'answers are not kept')
  }
)
