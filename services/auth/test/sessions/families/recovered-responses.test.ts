import { TOKEN_SKEW_SECONDS } from '@gatehouse/access-token/clock-skew'
import t from 'tap'
import { type FamilyRecord, present, see } from '../../../src/sessions/families/family.ts'
import { policy, record, start } from './fixtures/family-record.ts'

/** The same, but the response with generation 5 may have been lost. */
const unseen: FamilyRecord = { ...record, seen: false }

const recovery = { ...policy, recoverySeconds: 60 }

t.test('a client that lost its response gets it again, however late it asks', async (t) => {
  const at = (milliseconds: number) => present(unseen, 4, start + milliseconds, recovery, null)
  t.equal(at(9_999).outcome, 'replayed', 'within grace as ever')
  t.equal(at(10_000).outcome, 'recovered', 'after it')
  t.equal(at(59_999).outcome, 'recovered', 'the last millisecond')
  t.equal(at(60_000).outcome, 'reused', 'recovery is over exactly at its end')
})

t.test('a recovery has its own grace window, and makes earlier tokens stale', async (t) => {
  const late = start + 30_000
  const given = { ...unseen, replays: 100 }
  const { next } = present(given, 4, late, recovery, null)
  const tokensNotBefore = late / 1000 + 2
  const again = { rotatedAtMs: late, replays: 0, tokensNotBefore, answeredAgain: true }
  t.strictSame(next, { ...unseen, ...again })
  if (next === null) throw new Error('the family is gone')
  const tab = present(see(next, 5), 4, late + 9_999, recovery, null)
  t.equal(tab.outcome, 'replayed', 'a second tab that wakes up with the first one')
  const after = present(next, 5, late + 1, recovery, null).next
  t.match(after, { generation: 6, tokensNotBefore: late / 1000 + 3 }, 'until the next rotation')
  const third = present(after, 6, late + 60_000, recovery, null).next
  t.match(third, { generation: 7, tokensNotBefore: late / 1000 + 3 }, 'which is the last to do so')
  const healed = present(next, 9, late + 60_000, recovery, null).next
  t.match(healed, { generation: 10, tokensNotBefore: late / 1000 + 62 }, 'a lost one does too')
})

t.test(
  'a recovery makes the same tokens stale in whichever part of a second requests arrive',
  async (t) => {
    const strict = { ...recovery, graceSeconds: 0 }
    /** The least `iat` of valid tokens, and the `iat` of those that are issued now. */
    const issued = ({ tokensNotBefore }: FamilyRecord, nowMs: number) =>
      Math.max(Math.floor(nowMs / 1000), tokensNotBefore)
    const step = (family: FamilyRecord, presented: number, nowMs: number) => {
      const { outcome, next } = present(family, presented, nowMs, strict, null)
      if (next === null) throw new Error('the family is gone')
      return { outcome, next, iat: issued(next, nowMs) }
    }
    const moments = [0, 1, 500, 999, 1000, 1001, 1999]
    const faults: string[] = []
    const check = (holds: boolean, what: string) => {
      if (!holds) faults.push(what)
    }
    for (const first of moments) {
      for (const [between, after] of moments.flatMap((a) => moments.map((b) => [a, b] as const))) {
        const times = [first, first + between, first + between + after] as const
        const [at, againAt, onwardsAt] = [start + times[0], start + times[1], start + times[2]]
        const rotated = step({ ...record, generation: 4 }, 4, at)
        const again = step(rotated.next, 4, againAt)
        check(again.outcome === 'recovered', `${times}: it is recovered`)
        // A token of the first response may be issued a moment after the store has decided.
        const { tokensNotBefore } = again.next
        check(issued(rotated.next, at + 250) < tokensNotBefore, `${times}: the first response`)
        const onwards = step(again.next, 5, onwardsAt)
        check(again.iat < onwards.next.tokensNotBefore, `${times}: the second response`)
        const aheadSeconds = onwards.iat - onwardsAt / 1000
        check(aheadSeconds <= TOKEN_SKEW_SECONDS, `${times}: a verifier finds it too early`)
        for (const later of [1000, 2000, 3000]) {
          const { next } = step(onwards.next, 6, onwardsAt + later)
          const isSame = next.tokensNotBefore === onwards.next.tokensNotBefore
          check(isSame, `${times}: a rotation ${later} ms later makes tokens stale`)
        }
      }
    }
    t.strictSame(faults, [])
  }
)

t.test(
  'recovery is only for the previous token, and ends with the first use of its successor',
  async (t) => {
    const late = start + 10_000
    const outcome = (family: FamilyRecord, presented: number) =>
      present(family, presented, late, recovery, null).outcome
    t.equal(outcome(unseen, 3), 'reused', 'two behind')
    t.equal(outcome(see(unseen, 4), 4), 'recovered', 'the previous token does not count')
    t.equal(outcome(see(unseen, 5), 4), 'reused', 'its successor is in use')
    t.equal(outcome(see(unseen, 6), 4), 'reused', 'or one is that the store has lost')
    t.equal(see(record, 3), record, 'a report that comes late takes nothing back')
  }
)

t.test('without a grace window, a lost response can be recovered', async (t) => {
  const strict = { ...recovery, graceSeconds: 0 }
  t.equal(present(unseen, 4, start, strict, null).outcome, 'recovered')
  t.equal(present(record, 4, start, strict, null).outcome, 'reused')
  t.equal(present(unseen, 4, start, { ...strict, recoverySeconds: 0 }, null).outcome, 'reused')
})

t.test('a generation that was made while recovery was off is never recovered', async (t) => {
  const off = { ...policy, recoverySeconds: 0 }
  const { next } = present(unseen, 5, start, off, null)
  t.match(next, { generation: 6, seen: true })
  t.equal(present(next, 5, start + 10_000, recovery, null).outcome, 'reused')
})
