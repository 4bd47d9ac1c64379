import { runs } from '@gatehouse/fixtures/generated'
import { KEY_MEMORY_SECONDS } from '@gatehouse/revocation/revocation'
import fc from 'fast-check'
import t from 'tap'
import {
  activation,
  activeOf,
  dueForRetirement,
  type KeyRecord,
  type Moment,
  nextOf,
  refuseTooMany,
  retirement,
  revocation
} from '../../src/keys/key-lifecycle.ts'
import type { KeyState } from '../../src/keys/signing-key.ts'

const NOW = 1_800_000_000
const at = (now = NOW, lifetimeSeconds = 300): Moment => ({ now, lifetimeSeconds })

const key = (kid: string, state: KeyState, more: Partial<KeyRecord> = {}): KeyRecord => ({
  kid,
  state,
  algorithm: 'ES256',
  createdAt: NOW - 1000,
  activatedAt: null,
  retiringAt: null,
  withdrawAt: null,
  endedAt: null,
  longestTokenSeconds: 0,
  unpublishedUntil: null,
  ...more
})

t.test('an activated key replaces the active one', async (t) => {
  const keys = [key('new', 'standby'), key('old', 'active')]
  t.match(activation(keys, 'new', at()), [
    { kid: 'old', state: 'retiring', retiringAt: NOW, withdrawAt: NOW + 300 + 60 },
    { kid: 'new', state: 'active', activatedAt: NOW, longestTokenSeconds: 300 }
  ])
})

t.test(
  'a key is published until its longest token has expired, even if the lifetime was reduced',
  async (t) => {
    const keys = [key('new', 'standby'), key('old', 'active', { longestTokenSeconds: 7200 })]
    t.match(activation(keys, 'new', at(NOW, 300)), [
      { kid: 'old', withdrawAt: NOW + 7200 + 60 },
      {}
    ])
    t.match(revocation(keys, 'old', keys[0], at(NOW, 300)), [
      { unpublishedUntil: NOW + 7200 + 60 },
      {}
    ])
  }
)

t.test('repeating a change changes nothing', async (t) => {
  t.strictSame(activation([key('a', 'active')], 'a', at()), [])
  t.strictSame(retirement([key('a', 'retired')], 'a', at()), [])
  t.strictSame(revocation([key('a', 'revoked')], 'a', undefined, at()), [])
})

t.test('forbidden changes are refused', async (t) => {
  const over = { withdrawAt: NOW }
  for (const state of ['retiring', 'retired', 'revoked'] as const) {
    t.throws(() => activation([key('a', state)], 'a', at()), { code: 'CONFLICT' }, state)
  }
  for (const [state, more, detail] of [
    ['active', {}, /activate another key/],
    ['retiring', { withdrawAt: NOW + 1 }, /2027-01-15T08:00:01/],
    ['revoked', over, /revoked/]
  ] as const) {
    const keys = [key('a', state, more)]
    t.throws(() => retirement(keys, 'a', at()), { code: 'CONFLICT', detail }, state)
  }
  for (const change of [activation, retirement]) {
    t.throws(() => change([key('a', 'active')], 'b', at()), { code: 'NOT_FOUND' })
  }
  t.throws(() => revocation([], 'b', undefined, at()), { code: 'NOT_FOUND' })
})

t.test(
  'a key that has never signed, or whose last token has expired, can be retired',
  async (t) => {
    t.match(retirement([key('a', 'standby')], 'a', at()), [{ state: 'retired', endedAt: NOW }])
    const old = key('a', 'retiring', { withdrawAt: NOW })
    t.match(retirement([old], 'a', at()), [{ state: 'retired', endedAt: NOW }])
    t.strictSame(dueForRetirement([old, key('b', 'retiring', { withdrawAt: NOW + 1 })], at()), [
      old
    ])
  }
)

t.test(
  'if the active key is revoked, its successor becomes active in the same change',
  async (t) => {
    const keys = [key('spare', 'standby'), key('leaked', 'active')]
    t.match(revocation(keys, 'leaked', keys[0], at()), [
      {
        kid: 'leaked',
        state: 'revoked',
        endedAt: NOW,
        unpublishedUntil: NOW + KEY_MEMORY_SECONDS + 60
      },
      { kid: 'spare', state: 'active', activatedAt: NOW }
    ])
    t.throws(() => revocation(keys, 'leaked', undefined, at()), /successor/)
    for (const state of ['standby', 'retiring', 'retired'] as const) {
      const changed = revocation([key('a', state), key('b', 'active')], 'a', undefined, at())
      t.match(changed, [{ kid: 'a', state: 'revoked' }], state)
    }
  }
)

t.test('no more keys are published than a gateway can report', async (t) => {
  const standby = Array.from({ length: 59 }, (_, n) => key(`k${n}`, 'standby'))
  const gone = Array.from({ length: 99 }, (_, n) => key(`r${n}`, n % 2 ? 'retired' : 'revoked'))
  t.doesNotThrow(() => refuseTooMany([...standby, ...gone]))
  const full = [...standby, key('active', 'active')]
  t.throws(() => refuseTooMany(full), { code: 'CONFLICT' })
})

t.test('the newest standby key of the algorithm is activated next', async (t) => {
  const keys = [
    key('old', 'standby', { createdAt: 1 }),
    key('new', 'standby', { createdAt: 2 }),
    key('other', 'standby', { createdAt: 3, algorithm: 'EdDSA' }),
    key('active', 'active', { createdAt: 4 })
  ]
  t.equal(nextOf(keys, 'ES256')?.kid, 'new')
  t.equal(nextOf(keys, 'EdDSA')?.kid, 'other')
  t.equal(nextOf(keys, 'RS256'), undefined)
  t.equal(nextOf([key('a', 'active')], 'ES256'), undefined)
})

type Step = {
  do: 'create' | 'activate' | 'retire' | 'revoke' | 'tick'
  which: number
  wait: number
}

/** Takes a step if it is allowed. If it is refused, nothing changes. */
function take(keys: readonly KeyRecord[], step: Step, moment: Moment): KeyRecord[] {
  const kid = keys[step.which % keys.length]?.kid ?? ''
  const spare = key(`k${keys.length}`, 'standby', { createdAt: moment.now })
  const apply = (all: readonly KeyRecord[], changed: readonly KeyRecord[]) =>
    all.map((one) => changed.find((other) => other.kid === one.kid) ?? one)
  try {
    if (step.do === 'create') return [...keys, spare]
    if (step.do === 'activate') return apply(keys, activation(keys, kid, moment))
    if (step.do === 'retire') return apply(keys, retirement(keys, kid, moment))
    if (step.do === 'tick') {
      const due = dueForRetirement(keys, moment).flatMap((one) => retirement(keys, one.kid, moment))
      return apply(keys, due)
    }
    const next = nextOf(keys, spare.algorithm)
    const all = next === undefined ? [...keys, spare] : keys
    return apply(all, revocation(all, kid, next ?? spare, moment))
  } catch (error) {
    if ((error as { name: string }).name !== 'Refusal') throw error
    return [...keys]
  }
}

t.test(
  'in every history, one key is active, and no key is retired before its last token expires',
  async (t) => {
    const step = fc.record({
      do: fc.constantFrom('create', 'activate', 'retire', 'revoke', 'tick'),
      which: fc.nat(20),
      wait: fc.integer({ min: 0, max: 500 })
    })
    let withdrawn = 0
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
        let now = NOW
        let keys: KeyRecord[] = [key('k0', 'active', { longestTokenSeconds: 300 })]
        const lastSigned = new Map<string, number>()
        for (const one of steps as Step[]) {
          // The active key signs until the moment of the step.
          now += one.wait
          lastSigned.set(activeOf(keys)?.kid ?? '', now)
          keys = take(keys, one, at(now))
          if (keys.filter(({ state }) => state === 'active').length !== 1) return false
          for (const { kid, state } of keys) {
            if (state !== 'retired' || !lastSigned.has(kid)) continue
            withdrawn += 1
            if (now < (lastSigned.get(kid) ?? 0) + 300) return false
          }
        }
        return true
      }),
      runs(5000)
    )
    t.ok(withdrawn > 50, `keys that signed were withdrawn: ${withdrawn}`)
  }
)
