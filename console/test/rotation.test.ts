import t from 'tap'
import type { Gateway, SigningKey } from '../src/api/answers.ts'
import { clockText, rotationOf } from '../src/keys/rotation.ts'
import { lanesOf, placeOf, rangeOf, usualSpan } from '../src/keys/timeline.ts'

const NOW = Date.parse('2026-11-30T12:00:00Z')
const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString()

const key = (kid: string, state: SigningKey['state'], times: Partial<SigningKey> = {}) => ({
  kid,
  algorithm: 'ES256',
  state,
  createdAt: at(-3600),
  activatedAt: null,
  retiringAt: null,
  withdrawAt: null,
  endedAt: null,
  ...times
})
const gateway = (name: string, kids: string[]): Gateway => ({
  id: name,
  name,
  keySetVersion: 'v',
  kids,
  revocationCursor: '',
  revocationLagSeconds: 0
})
const old = key('old', 'active', { activatedAt: at(-3600) })

t.test('while a key spreads, the gateways without it are known', async (t) => {
  const keys = [old, key('new', 'standby', { createdAt: at(-1) })]
  const gateways = [gateway('a', ['old', 'new']), gateway('b', ['old'])]
  t.match(rotationOf(keys, gateways, NOW), {
    phase: 'spreading',
    next: { kid: 'new' },
    previous: { kid: 'old' },
    holders: [
      { name: 'a', holds: true },
      { name: 'b', holds: false }
    ],
    secondsLeft: null
  })
  t.equal(rotationOf([old], gateways, NOW), null)
})

t.test('while a key retires, the time until its last token has expired is counted', async (t) => {
  const retiring = key('old', 'retiring', {
    activatedAt: at(-3600),
    retiringAt: at(-60),
    withdrawAt: at(245)
  })
  const keys = [key('new', 'active', { createdAt: at(-70), activatedAt: at(-60) }), retiring]
  const seen = rotationOf(keys, [gateway('a', ['new', 'old'])], NOW)
  t.match(seen, { phase: 'draining', next: { kid: 'new' }, secondsLeft: 245 })
  t.equal(rotationOf(keys, [], NOW + 300_000)?.secondsLeft, 0)
  t.equal(clockText(245), '04:05')
  t.equal(clockText(3845), '1:04:05')

  const range = rangeOf(keys, usualSpan(keys, NOW), NOW)
  t.equal(range.to, Date.parse(at(245)), 'the end of the retiring key is visible')
  const lanes = lanesOf(keys, range, NOW)
  t.match(lanes, [
    { key: { kid: 'new' }, segments: [{ state: 'standby' }, { state: 'active', to: NOW }] },
    {
      key: { kid: 'old' },
      segments: [{ state: 'active' }, { state: 'retiring', to: Date.parse(at(245)) }]
    }
  ])
  t.equal(placeOf({ from: 0, to: range.from - 1 }, range), null, 'it is not drawn')
  t.equal(placeOf({ from: range.from, to: range.to }, range)?.width, 100)
})

t.test('a revoked key has an end, and an old one is not in the range', async (t) => {
  const revoked = key('bad', 'revoked', { activatedAt: at(-600), endedAt: at(-30) })
  const retired = key('gone', 'retired', {
    createdAt: at(-9e6),
    activatedAt: at(-9e6),
    retiringAt: at(-8e6),
    withdrawAt: at(-8e6 + 300),
    endedAt: at(-8e6 + 300)
  })
  const keys = [old, revoked, retired]
  const lanes = lanesOf(keys, rangeOf(keys, 3_600_000, NOW), NOW)
  t.match(lanes, [{ key: { kid: 'old' } }, { key: { kid: 'bad' }, end: Date.parse(at(-30)) }])
  t.equal(lanes.length, 2)
})
