import t from 'tap'
import type { Gateway, SigningKey, Status } from '../src/api/responses.ts'
import { rateOf, recentOf, withSample } from '../src/gateways/gateway-load.ts'
import { clockText, rotationOf } from '../src/keys/rotation.ts'
import { lanesOf, placeOf, rangeOf, usualSpan } from '../src/keys/timeline.ts'
import { attentionOf } from '../src/overview/attention.ts'

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
  revocationLagSeconds: 0.4,
  silentSeconds: 0.8,
  instance: name,
  drained: false,
  failing: [],
  routeFaults: [],
  vitals: null
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

const healthy: Status = {
  process: {
    version: '0.1.0',
    nodejs: '24',
    startedAt: at(-60),
    memoryBytes: 1,
    database: 'sqlite',
    sessionStore: 'sqlite'
  },
  readiness: { failing: {}, degraded: {}, ageSeconds: { accounts: 0 } },
  keyRotationDays: 30,
  auditLog: {
    last: 3,
    unchainedSince: null,
    head: { number: 1, seq: 3, at: at(-60), intact: true }
  },
  events: { since: at(-3600), intervalSeconds: 300, isComplete: true, kinds: [] },
  queues: [{ kind: 'mail', pending: 0, dead: 0, pendingSince: null }]
}
const known = {
  status: healthy,
  gateways: [gateway('a', ['old'])],
  keys: [old],
  waiting: 0,
  serverErrors: 0
}

t.test('the overview names what needs attention, the worst first', async (t) => {
  t.strictSame(attentionOf(known, NOW), [])
  const nothing = { ...known, status: null, gateways: null, keys: null }
  t.strictSame(attentionOf(nothing, NOW), [], 'what is not known yet is no fault')
  const late = { ...gateway('b', []), revocationLagSeconds: 7 }
  const status: Status = {
    ...healthy,
    readiness: {
      ...healthy.readiness,
      degraded: { sessions: 'the session store does not answer' }
    },
    auditLog: { ...healthy.auditLog, head: { number: 1, seq: 3, at: at(-9000), intact: false } },
    events: { ...healthy.events, kinds: [{ kind: 'refresh-reused', counts: [1, 1] }] },
    queues: [{ kind: 'webhook', pending: 1, dead: 2, pendingSince: at(-7200) }]
  }
  const bad = { ...known, status, gateways: [gateway('a', ['old']), late], waiting: 1 }
  t.strictSame(
    attentionOf(bad, NOW).map(({ tone, view, text }) => `${tone} ${view} ${text.slice(0, 32)}`),
    [
      'bad gateways b may not know the newest revoca',
      'bad gateways b does not have the key that sig',
      'bad audit The audit log did not verify whe',
      'wait null The session store does not answe',
      'wait audit The end of the audit log was las',
      'wait audit 2 spent refresh tokens were used',
      'wait outbox 2 webhook deliveries could not b',
      'wait outbox The oldest webhook delivery has ',
      'wait approvals 1 request of operators waits for'
    ]
  )
  const ofKind = attentionOf(bad, NOW).filter(({ kind }) => kind !== undefined)
  t.match(ofKind, [{ view: 'audit', kind: 'refresh-reused' }], 'leads to these events only')
  t.match(attentionOf({ ...known, gateways: [], keys: [] }, NOW), [
    { tone: 'bad', text: 'No gateway is live.' },
    { tone: 'bad', text: 'No key signs tokens.' }
  ])
  const daily = { ...known, status: { ...healthy, keyRotationDays: 1 } }
  t.match(attentionOf(daily, NOW + 86_400_000)[0], {
    view: 'keys',
    text: /has signed for 1 day, although keys are rotated every 1 day/
  })
})

t.test('a fault of a route file is shown once for all gateways that have it', async (t) => {
  const faulty = (name: string) => ({ ...gateway(name, ['old']), routeFaults: ['it is empty'] })
  const text = (gateways: Gateway[]) => attentionOf({ ...known, gateways }, NOW)[0]?.text
  t.match(text([faulty('a'), gateway('b', ['old'])]), /^The route file of a has faults\./)
  t.match(text([faulty('a'), faulty('b')]), /^The route files of 2 gateways have faults\./)
})

t.test('the load of a gateway is the change of its counts', async (t) => {
  const sample = (seconds: number, requests: number, serverErrors = 0) => ({
    atMs: NOW + seconds * 1000,
    requests,
    refusals: 0,
    serverErrors
  })
  const first = withSample(null, sample(0, 100))
  t.equal(rateOf(first), null, 'one count says nothing')
  const third = withSample(withSample(first, sample(4, 140)), sample(8, 180, 2))
  t.equal(rateOf(third), 10)
  t.equal(withSample(third, sample(8, 190)), third, 'a second count of the same time adds nothing')
  t.equal(recentOf(third, 'serverErrors'), 2)
  t.equal(rateOf(withSample(third, sample(12, 300))), 20, 'of the last eight seconds')
})
