import { setImmediate } from 'node:timers/promises'
import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import { liveSigningKeys } from '../../src/keys/live-signing-keys.ts'
import { generateSigningKey, type SigningKey } from '../../src/keys/signing-key.ts'
import { databaseUnavailable } from '../../src/refusals.ts'

/** A store that answers when the test says so, with its contents at the time of the question. */
async function heldUp() {
  const active = await generateSigningKey('ES256', 'active')
  const standby = await generateSigningKey('ES256', 'standby')
  let stored: readonly SigningKey[] = [active]
  let fault: Error | null = null
  let gate = Promise.resolve()
  let mark: string | Error | null = null
  const counts = { reads: 0, marks: 0, notes: 0, most: 0 }
  let underWay = 0
  const clock = testClock()
  const live = await liveSigningKeys({
    store: {
      async live() {
        counts.reads += 1
        underWay += 1
        counts.most = Math.max(counts.most, underWay)
        const seen = stored
        await gate
        underWay -= 1
        if (fault !== null) throw fault
        return [...seen]
      },
      async noteTokenLife() {
        counts.notes += 1
        return true
      }
    },
    prepare: async () => () => {},
    withdrawals: {
      async mark() {
        counts.marks += 1
        if (mark instanceof Error) throw mark
        return mark
      }
    },
    lifetimeSeconds: 300,
    clock
  })
  return {
    live,
    active,
    standby,
    counts,
    clock,
    store: (keys: readonly SigningKey[]) => {
      stored = keys
    },
    /** another instance has revoked a key, or Redis does not answer */
    withdraw: (next: string | Error | null) => {
      mark = next
    },
    fail: (error: Error | null) => {
      fault = error
    },
    /** later reads wait until the returned function is called */
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return resolve
    }
  }
}

t.test('a call during a read gets the result of the next read', async (t) => {
  const { live, active, standby, counts, store, hold } = await heldUp()
  const release = hold()
  const early = live.read()
  // The call has reached the store and waits for the answer.
  while (counts.reads < 2) await setImmediate()
  store([active, standby])
  const late = Array.from({ length: 100 }, () => live.read())
  release()
  t.equal((await early).length, 1)
  for (const keys of await Promise.all(late)) t.equal(keys.length, 2)
  t.strictSame([counts.reads, counts.most], [3, 1], 'one for a hundred, and never two at a time')
})

t.test('a failed read keeps the keys, and later reads succeed', async (t) => {
  const { live, active, standby, store, fail } = await heldUp()
  fail(databaseUnavailable(new Error('away')))
  await t.rejects(live.read(), { code: 'UNAVAILABLE' })
  t.strictSame(live.held(), [active])
  fail(null)
  store([active, standby])
  t.equal((await live.read()).length, 2)
})

t.test('a process that has not read the keys for too long no longer signs', async (t) => {
  const { live, active, fail, clock } = await heldUp()
  fail(databaseUnavailable(new Error('away')))
  clock.advance(20_000)
  await t.rejects(live.read(), { code: 'UNAVAILABLE' })
  t.equal(live.active().kid, active.kid)
  clock.advance(1)
  t.throws(() => live.active(), { code: 'UNAVAILABLE' })
  t.strictSame(live.held(), [active], 'what is published stays published')
  fail(null)
  await live.read()
  t.equal(live.active().kid, active.kid)
})

t.test('the lifetime of tokens is noted once, before a key signs', async (t) => {
  const { live, active, standby, counts, store } = await heldUp()
  t.equal(counts.notes, 1)
  await live.read()
  t.equal(counts.notes, 1)
  store([
    { ...standby, state: 'active' },
    { ...active, state: 'retiring' }
  ])
  await live.read()
  t.equal(counts.notes, 2)
  t.equal(live.active().kid, standby.kid)
})

t.test(
  'a key that another instance has revoked is replaced before the next signature',
  async (t) => {
    const { live, active, standby, counts, store, withdraw, fail } = await heldUp()
    await live.untilCurrent()
    t.equal(counts.reads, 1, 'no read without a revocation')
    const next = { ...standby, state: 'active' as const }
    store([next])
    withdraw('first')
    t.equal(live.active().kid, active.kid)
    await Promise.all(Array.from({ length: 100 }, () => live.untilCurrent()))
    t.equal(live.active().kid, next.kid)
    t.equal(counts.reads, 3, 'two reads for all')
    await live.untilCurrent()
    t.equal(counts.reads, 3, 'and no further one')
    withdraw(new Error('Redis does not answer'))
    await live.untilCurrent()
    t.equal(counts.reads, 3, 'gateways cannot learn of a revocation either')
    withdraw('second')
    fail(new Error('the database does not answer'))
    await t.rejects(live.untilCurrent(), { message: 'the database does not answer' })
  }
)

t.test('a mark that was read with the session is not asked for again', async (t) => {
  const { live, active, standby, counts, store, withdraw } = await heldUp()
  const { marks } = counts
  await live.untilCurrent(null)
  t.strictSame([counts.marks, counts.reads], [marks, 1], 'nothing was revoked')
  const next = { ...standby, state: 'active' as const }
  store([next])
  withdraw('first')
  t.equal(live.active().kid, active.kid)
  await live.untilCurrent('first')
  t.equal(live.active().kid, next.kid)
  t.strictSame([counts.marks, counts.reads], [marks + 1, 2], 'once, with the keys')
})

t.test('the current keys are without those that another instance has revoked', async (t) => {
  const { live, active, standby, counts, clock, store, withdraw, fail } = await heldUp()
  t.strictSame([await live.current(), counts.reads], [[active], 1], 'no read without a revocation')
  const next = { ...standby, state: 'active' as const }
  store([next])
  withdraw('first')
  t.strictSame(await live.current(), [next])
  withdraw('second')
  fail(new Error('a key that cannot be decrypted'))
  await t.rejects(live.current(), { code: 'UNAVAILABLE' }, 'it may have been one of these')
  withdraw('first')
  clock.advance(20_000)
  t.strictSame(await live.current(), [next])
  clock.advance(1)
  await t.rejects(live.current(), { code: 'UNAVAILABLE' }, 'they were read too long ago')
  fail(null)
  await live.read()
  t.strictSame(await live.current(), [next])
})
