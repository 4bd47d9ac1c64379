import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import { readSightingField, redisSightings, SIGHTINGS } from '../src/redis-sightings.ts'

t.test('Redis keeps the newest generation of each session', { skip: redisMissing }, async (t) => {
  const { redis } = await redisServer(t)
  const take = redisSightings(redis)
  const seen = (sid: string, generation: number) => ({ subject: 'ada', sid, generation })
  await take([seen('a', 3), seen('b', 1)])
  await take([seen('a', 2), seen('b', 10)])
  t.strictSame({ ...(await redis.hgetall(SIGHTINGS)) }, { 'a ada': '3', 'b ada': '10' })
  const life = await redis.ttl(SIGHTINGS)
  t.ok(life > 80_000 && life <= 86_400, 'what no auth service takes is forgotten')
})

t.test('a field names a session and its account, or is ignored', async (t) => {
  t.strictSame(readSightingField('a ada'), { sid: 'a', subject: 'ada' })
  for (const field of ['a', '', 'a b c']) t.equal(readSightingField(field), null, field)
})
