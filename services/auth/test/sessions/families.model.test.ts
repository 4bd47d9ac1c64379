import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { runs } from '@gatehouse/fixtures/generated'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import fc from 'fast-check'
import t from 'tap'
import type { Opened } from '../../src/sessions/family.ts'
import { anyHistory, anyPolicy, type FamilyEvent, USERS } from '../fixtures/family-histories.ts'
import { clockFromNow, redisStore, sqliteStore } from '../fixtures/stores.ts'
import { type Aftermath, twinStores } from '../fixtures/twin-stores.ts'

type Known = {
  readonly sid: string
  generation: number
  opened: Opened | null
  /** the newest generation that a gateway reported */
  reported: number
  /** whether the stores have it, or have lost it */
  isStored: boolean
}
type Both = Awaited<ReturnType<typeof twinStores>>

/**
 * Users who are nowhere else, and what is known of their families; what happens to them happens in
 * both stores.
 */
function people(both: Both, over: ReadonlySet<string>) {
  const users = Array.from({ length: USERS }, () => ({
    subject: randomUUID(),
    families: [] as Known[]
  }))
  let opened = 0
  const find = (user: number, family: number) => {
    const { subject, families } = users[user] ?? { subject: randomUUID(), families: [] }
    const known = families[family % families.length] ?? {
      sid: 'never opened',
      generation: 1,
      opened: null,
      reported: 0,
      isStored: false
    }
    return { subject, families, known }
  }

  return async (
    event: Exclude<FamilyEvent, { does: 'wait' | 'restart' }>
  ): Promise<Aftermath<unknown>> => {
    const { does, user } = event
    if (does === 'open') {
      const { subject, families } = find(user, 0)
      const sid = createHash('sha256').update(`${opened++}`).digest('base64url').slice(0, 22)
      const known: Known = { sid, generation: 0, opened: null, reported: 0, isStored: true }
      families.push(known)
      const opening = { clientId: 'client', scope: 'a b', label: event.label }
      const came = await both(subject, (store) => store.open(subject, sid, opening))
      known.opened = came.answer
      return came
    }
    if (does === 'present') {
      const { subject, known } = find(user, event.family)
      const generation = Math.max(0, known.generation + event.ahead)
      const came = await both(subject, (store) =>
        store.present(subject, known.sid, generation, over.has(known.sid) ? null : known.opened)
      )
      const { outcome, before, after } = came.answer
      if (outcome === 'recovered') {
        assert.equal(generation, known.generation - 1)
        assert.ok(known.reported < known.generation, 'recovered although it was seen in use')
        const { rotatedAtMs, tokensNotBefore } = after ?? {}
        const again = { replays: 0, rotatedAtMs, tokensNotBefore, answeredAgain: true }
        assert.deepStrictEqual(after, { ...before, ...again })
        const least = Math.floor((rotatedAtMs ?? 0) / 1000) + 2
        assert.equal(tokensNotBefore, Math.max(before?.tokensNotBefore ?? 0, least))
      }
      if (outcome === 'rotated' || outcome === 'healed') {
        const was = before?.tokensNotBefore ?? 0
        const ahead = (after?.tokensNotBefore ?? 0) - Math.floor((after?.rotatedAtMs ?? 0) / 1000)
        const is = after?.tokensNotBefore ?? 0
        if (before?.answeredAgain)
          assert.ok(is > was || ahead > 2, 'those of the recovery are stale')
        else assert.equal(is, was)
        assert.equal(after?.answeredAgain, false)
      }
      if (outcome === 'restored') Object.assign(known, { isStored: true, reported: 0 })
      known.generation = after?.generation ?? known.generation
      return came
    }
    if (does === 'see') {
      const { subject, known } = find(user, event.family)
      const generation = Math.max(0, known.generation - event.behind)
      if (!known.isStored) return both(subject, async () => undefined)
      known.reported = Math.max(known.reported, generation)
      return both(subject, (store) => store.see(subject, known.sid, generation))
    }
    if (does === 'settle') {
      return both(find(user, 0).subject, (store) => store.settleSightings())
    }
    if (does === 'end') {
      const { subject, known } = find(user, event.family)
      return both(subject, (store) => store.end(subject, known.sid))
    }
    if (does === 'lose') {
      const { subject, known } = find(user, event.family)
      known.isStored = false
      // One that is over is told to the database before it is lost.
      return both(subject, (_, store) => store.lose(subject, known.sid))
    }
    const { subject, known } = find(user, event.except ?? 0)
    const except = event.except === null ? null : known.sid
    return both(subject, (store) => store.endAll(subject, except))
  }
}

t.test(
  'the embedded store and Redis behave alike in every history',
  { skip: redisMissing },
  async (t) => {
    const { redis } = await redisServer(t)
    const outcomes = new Set<unknown>()
    let revocations = 0

    const sameAnswers = fc.asyncProperty(anyPolicy, anyHistory, async (first, history) => {
      // One object for both stores, so that a change of policy reaches them as a restart would
      // bring it.
      const policy = { ...first }
      const clock = clockFromNow()
      const options = { policy, clock }
      const over = new Set<string>()
      const both = await twinStores(sqliteStore(t, options), redisStore(redis, options))
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
          // The end of a family that the store does not hold is told again, in case that was lost
          // too.
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
