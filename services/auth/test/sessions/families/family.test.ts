import t from 'tap'
import {
  end,
  type FamilyRecord,
  isLive,
  open,
  present
} from '../../../src/sessions/families/family.ts'
import { opened, policy, record, second, start } from './fixtures/family-record.ts'

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
  'a session with a longer idle lifetime than absolute lifetime ends at the absolute one',
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

t.test('a reuse ends the family now, and changes nothing else but the label', async (t) => {
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
  'without a grace window, every spent token ends its family, even within a millisecond',
  async (t) => {
    t.equal(present(record, 4, start, { ...policy, graceSeconds: 0 }, null).outcome, 'reused')
  }
)

t.test('a clock that steps back neither ends a family nor closes the grace window', async (t) => {
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
