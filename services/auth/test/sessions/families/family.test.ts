import { TOKEN_SKEW_SECONDS } from '@gatehouse/access-token/clock-skew'
import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import {
  end,
  type FamilyPolicy,
  type FamilyRecord,
  isLive,
  open,
  present,
  see
} from '../../../src/sessions/families/family.ts'
import { policy as defaults, opening } from '../../fixtures/stores.ts'

const policy: FamilyPolicy = { ...defaults, idleSeconds: 1000 }
const start = testClock()()
const second = 1000

const opened = { ...opening, openedAt: start / 1000, expiresAt: start / 1000 + 5000 }
/** A family at generation 5, which was made at `start` and has been seen in use. */
const record: FamilyRecord = { ...open(opened, start, policy), generation: 5, seen: true }

const rows: Record<string, { given?: Partial<FamilyRecord>; presented: number; outcome: string }> =
  {
    'the current generation rotates': { presented: 5, outcome: 'rotated' },
    'the previous one, within grace, is answered again': { presented: 4, outcome: 'replayed' },
    'the previous one, over the replay cap, was reused': {
      given: { replays: 100 },
      presented: 4,
      outcome: 'reused'
    },
    'two behind was reused, however fresh': { presented: 3, outcome: 'reused' },
    'the very first was reused': { presented: 0, outcome: 'reused' },
    'one ahead heals': { presented: 6, outcome: 'healed' },
    'far ahead heals': { presented: 60, outcome: 'healed' },
    'an ended family stays so': {
      given: { endedAt: start / 1000 },
      presented: 5,
      outcome: 'ended'
    },
    'nothing heals an ended family': {
      given: { endedAt: start / 1000 },
      presented: 6,
      outcome: 'ended'
    },
    'an expired family is over': {
      given: { expiresAt: start / 1000 },
      presented: 5,
      outcome: 'ended'
    },
    'an unused family is over': {
      given: { idleExpiresAt: start / 1000 },
      presented: 5,
      outcome: 'ended'
    }
  }

for (const [title, { given, presented, outcome }] of Object.entries(rows)) {
  t.test(title, async (t) => {
    t.equal(present({ ...record, ...given }, presented, start, policy, null).outcome, outcome)
  })
}

t.test('a login opens generation 0', async (t) => {
  t.strictSame(open(opened, start + 999, policy), {
    generation: 0,
    replays: 0,
    seen: false,
    endedAt: 0,
    rotatedAtMs: start + 999,
    tokensNotBefore: 0,
    answeredAgain: false,
    openedAt: start / 1000,
    idleExpiresAt: start / 1000 + 1000,
    expiresAt: start / 1000 + 5000,
    clientId: 'gatehouse',
    scope: '',
    label: 'a phone'
  })
})

t.test(
  'a login under an idle life longer than the absolute one ends at the absolute',
  async (t) => {
    const family = open(opened, start, { ...policy, idleSeconds: 6000 })
    t.equal(family.idleExpiresAt, family.expiresAt)
  }
)

t.test('a rotation moves the idle end and resets replays and use, and nothing else', async (t) => {
  const later = start + 60 * second
  const { next } = present({ ...record, replays: 7 }, 5, later, policy, null)
  t.strictSame(next, {
    ...record,
    generation: 6,
    rotatedAtMs: later,
    idleExpiresAt: later / 1000 + 1000,
    replays: 0,
    seen: false
  })
})

t.test('a rotation never moves the idle end past the absolute one', async (t) => {
  const aged = { ...record, idleExpiresAt: record.expiresAt }
  const { next } = present(aged, 5, start + 4999 * second, policy, null)
  t.equal(next?.idleExpiresAt, record.expiresAt)
})

t.test('healing continues from the presented generation', async (t) => {
  const { next } = present({ ...record, replays: 3 }, 9, start, policy, null)
  t.match(next, { generation: 10, replays: 0, rotatedAtMs: start })
})

t.test('a replay counts itself and changes nothing else', async (t) => {
  const { next } = present(record, 4, start + 9 * second, policy, null)
  t.strictSame(next, { ...record, replays: 1 })
})

t.test('a reuse ends the family now, and keeps the rest as it was but for the label', async (t) => {
  const { next } = present(record, 3, start + 1999, policy, null)
  t.strictSame(next, { ...record, endedAt: start / 1000 + 1, label: '' })
})

t.test('an ended family is not changed', async (t) => {
  const ended = end(record, start)
  t.strictSame(present(ended, 5, start, policy, null), { outcome: 'ended', next: ended })
  t.strictSame(
    present(null, 0, start, policy, null),
    { outcome: 'ended', next: null },
    'or not at all'
  )
})

t.test('the grace window ends exactly at its limit', async (t) => {
  const at = (milliseconds: number) =>
    present(record, 4, start + milliseconds, policy, null).outcome
  t.equal(at(9_999), 'replayed', 'the last millisecond')
  t.equal(at(10_000), 'reused', 'ten seconds')
})

/** The same, but the answer with generation 5 may have been lost. */
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
    /** The least `iat` of good tokens, and the `iat` of those that are issued now. */
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
    t.equal(outcome(see(unseen, 4), 4), 'recovered', 'the token before is no sign of this one')
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

t.test('the replay cap limits the number of replays', async (t) => {
  const capped = { ...policy, replayCap: 2 }
  const outcomes: string[] = []
  let family: FamilyRecord | null = record
  for (let attempt = 0; attempt < 3; attempt++) {
    const step = present(family, 4, start, capped, null)
    outcomes.push(step.outcome)
    family = step.next
  }
  t.strictSame(outcomes, ['replayed', 'replayed', 'reused'])
})

t.test(
  'without grace every spent token ends its family, in the same millisecond too',
  async (t) => {
    t.equal(present(record, 4, start, { ...policy, graceSeconds: 0 }, null).outcome, 'reused')
  }
)

t.test('a clock that steps back neither ends a family nor closes the grace', async (t) => {
  const earlier = start - 30 * second
  t.equal(present(record, 5, earlier, policy, null).outcome, 'rotated')
  t.equal(present(record, 4, earlier, policy, null).outcome, 'replayed')
  const without = { ...policy, graceSeconds: 0 }
  t.equal(present(record, 4, earlier, without, null).outcome, 'reused', 'where there is one')
})

t.test('a family lives until the exact second of its earliest end', async (t) => {
  const lives = (ends: Partial<FamilyRecord>, milliseconds: number) =>
    isLive({ ...record, ...ends }, start + milliseconds)
  const inTwoSeconds = start / 1000 + 2
  t.ok(lives({ idleExpiresAt: inTwoSeconds }, 1_999), 'idle: not yet')
  t.notOk(lives({ idleExpiresAt: inTwoSeconds }, 2_000), 'idle: over')
  t.ok(lives({ expiresAt: inTwoSeconds }, 1_999), 'absolute: not yet')
  t.notOk(lives({ expiresAt: inTwoSeconds }, 2_000), 'absolute: over')
})

t.test('the state machine does not change its input', async (t) => {
  const frozen = Object.freeze({ ...record })
  for (const presented of [3, 4, 5, 6]) present(frozen, presented, start, policy, null)
  t.strictSame(frozen, record)
})
