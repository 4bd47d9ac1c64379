import assert from 'node:assert/strict'
import { runs } from '@gatehouse/fixtures/generated'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import fc from 'fast-check'
import t from 'tap'
import { anyHistory, anyPolicy } from '../../fixtures/families/family-histories.ts'
import { people } from '../../fixtures/families/family-people.ts'
import { clockFromNow, redisStore, sqliteStore } from '../../fixtures/families/stores.ts'
import { twinStores } from '../../fixtures/families/twin-stores.ts'

t.test(
  'the embedded store and Redis behave alike in every history',
  { skip: redisMissing },
  async (t) => {
    const { redis } = await redisServer(t)
    const outcomes = new Set<unknown>()
    let revocations = 0

    const partitions = fc.constantFrom(1, 16)
    const all = [anyPolicy, anyHistory, partitions] as const
    const sameAnswers = fc.asyncProperty(...all, async (first, history, partitions) => {
      // One object for both stores, so that a change of policy reaches both, as after a restart.
      const policy = { ...first }
      const clock = clockFromNow()
      const options = { policy, clock }
      const over = new Set<string>()
      const inRedis = redisStore(redis, { ...options, partitions })
      const both = await twinStores(sqliteStore(t, options), inRedis)
      const happens = people(both, over)
      for (const event of history) {
        if (event.does === 'wait') {
          clock.advance(event.milliseconds)
          continue
        }
        if (event.does === 'restart') {
          Object.assign(policy, event.policy)
          continue
        }
        const { answer, left, revoked } = await happens(event)
        if (event.does === 'present') outcomes.add((answer as { outcome: string }).outcome)
        if (event.does === 'open') {
          assert.ok(left.length <= policy.sessionsPerUser, 'more sessions than the limit')
        }
        for (const sid of revoked) {
          // The end of a family that the store has lost is published again, because the store may
          // have lost the end too.
          if (event.does !== 'end') assert.ok(!over.has(sid), 'a family was revoked twice')
          over.add(sid)
        }
        for (const { sid } of left) assert.ok(!over.has(sid), 'a revoked family lives')
        revocations += revoked.length
      }
    })
    await fc.assert(sameAnswers, runs(3000))

    const every = ['ended', 'healed', 'recovered', 'replayed', 'restored', 'reused', 'rotated']
    t.strictSame([...outcomes].sort(), every, 'and every outcome was among it')
    t.ok(revocations > 100, `as were ${revocations} revocations`)
  }
)
