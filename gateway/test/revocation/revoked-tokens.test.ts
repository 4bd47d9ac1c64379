import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import { revokedTokens } from '../../src/revocation/revoked-tokens.ts'
import { ada } from '../fixtures/stamped.ts'

const until = 1_800_000_360
const [clock, monotonicClock] = [testClock(), testClock(0)]
const clocks = { clock, monotonicClock }
const now = ada.issuedAt
const everything = (before: number) =>
  ({ kind: 'everything', id: 'everything', until, before }) as const
const machine = { ...ada, identity: { ...ada.identity, session: null } }

t.test(
  'each kind of entry revokes tokens by its own id, and by no id of another kind',
  async (t) => {
    const session = 'session-1'
    const names = { session, 'session-tokens': session, subject: 'user-1', key: 'one' }
    const all = new Set(Object.values(names))
    for (const [kind, own] of Object.entries(names)) {
      for (const id of all) {
        const revoked = revokedTokens(clocks)
        const entry = { kind, id, until, before: now + 1 }
        revoked.apply(entry as Parameters<typeof revoked.apply>[0])
        t.equal(revoked.why(ada) === null, id !== own, `${kind} ${id}`)
      }
    }
  }
)

t.test(
  '"everything before" revokes earlier tokens of users and machines, and no later token',
  (t) => {
    const revoked = revokedTokens(clocks)
    revoked.apply(everything(now + 1))
    t.equal(revoked.why(ada), 'TOKEN_STALE')
    t.equal(revoked.why(machine), 'TOKEN_STALE')
    t.equal(revoked.why({ ...ada, issuedAt: now + 1 }), null)
    t.end()
  }
)

t.test('the revocation of an actor or of an earlier key revokes an exchanged token', async (t) => {
  const actors = [
    { id: 'service-2', rightsVersion: 3 },
    { id: 'service-1', rightsVersion: 0 }
  ]
  const exchanged = { ...ada, delegation: { audience: 'orders', actors, keys: ['two', 'three'] } }
  const before = now - 60
  const entries = [
    { kind: 'subject', id: 'service-2', until, before, version: 4 },
    { kind: 'subject', id: 'service-1', until, before, version: 1 },
    { kind: 'key', id: 'three', until },
    { kind: 'session', id: 'session-1', until }
  ] as const
  for (const entry of entries) {
    const revoked = revokedTokens(clocks)
    const told: unknown[] = []
    revoked.watch(exchanged, (why) => told.push(why))
    t.equal(revoked.why(exchanged), null)
    revoked.apply(entry)
    const expected = entry.kind === 'session' ? 'SESSION_ENDED' : 'TOKEN_STALE'
    t.equal(revoked.why(exchanged), expected, `${entry.kind} ${entry.id}`)
    t.strictSame(told, [expected], 'its watcher is called')
  }
  const revoked = revokedTokens(clocks)
  revoked.apply({ kind: 'subject', id: 'service-2', until, before, version: 3 })
  t.equal(revoked.why(exchanged), null, 'a version that its actor already had')
})

t.test('after a recovery, only the earlier tokens of the session are stale', (t) => {
  const revoked = revokedTokens(clocks)
  const told: unknown[] = []
  revoked.watch(ada, (why) => told.push(why))
  revoked.apply({ kind: 'session-tokens', id: 'session-1', until, before: now + 1 })
  t.equal(revoked.why(ada), 'TOKEN_STALE')
  t.strictSame(told, ['TOKEN_STALE'], 'the watcher of a stale token is called')
  t.equal(revoked.why({ ...ada, issuedAt: now + 1 }), null)
  t.equal(revoked.why(machine), null)
  t.end()
})

t.test('after a change of rights, the version decides, whatever the clocks said', async (t) => {
  const revoked = revokedTokens(clocks)
  revoked.apply({ kind: 'subject', id: 'user-1', until, before: now - 60, version: 2 })
  const issuedAt = now + 60
  t.equal(revoked.why({ ...ada, issuedAt, rightsVersion: 1 }), 'TOKEN_STALE', 'a clock ahead')
  t.equal(revoked.why({ ...ada, issuedAt: now - 90, rightsVersion: 2 }), null, 'a clock behind')
  t.equal(revoked.why({ ...ada, issuedAt, rightsVersion: null }), null, 'one without is judged by')
  t.equal(revoked.why({ ...ada, issuedAt: now - 61, rightsVersion: null }), 'TOKEN_STALE', 'iat')
  revoked.apply({ kind: 'subject', id: 'user-1', until, before: now + 90 })
  t.equal(
    revoked.why({ ...ada, issuedAt, rightsVersion: 2 }),
    'TOKEN_STALE',
    'and so is one by an entry of an earlier release'
  )
})

t.test('an older entry that arrives again undoes nothing', (t) => {
  const revoked = revokedTokens(clocks)
  revoked.apply({ kind: 'subject', id: 'user-1', until, before: now + 1 })
  revoked.apply({ kind: 'subject', id: 'user-1', until: until - 100, before: now - 100 })
  t.equal(revoked.why(ada), 'TOKEN_STALE')
  clock.advance(360_000)
  monotonicClock.advance(600_001)
  revoked.sweep()
  t.equal(revoked.why(ada), 'TOKEN_STALE', 'nor does it shorten its life')
  clock.advance(1)
  revoked.sweep()
  t.equal(revoked.why(ada), null)
  t.equal(revoked.size, 0)
  t.end()
})

t.test('the end of a session takes precedence over stale rights', (t) => {
  const revoked = revokedTokens(clocks)
  revoked.apply(everything(now + 1))
  revoked.apply({ kind: 'session', id: 'session-1', until })
  t.equal(revoked.why(ada), 'SESSION_ENDED')
  revoked.apply({ kind: 'key', id: 'one', until })
  t.equal(revoked.why(ada), 'TOKEN_STALE', 'a leaked key comes before the end of the session')
  t.end()
})

t.test('the watcher of a token gets every entry that concerns it, and no other', (t) => {
  const entries = [
    [{ kind: 'session', id: 'session-1', until }, 'SESSION_ENDED'],
    [{ kind: 'subject', id: 'user-1', until, before: now + 1 }, 'TOKEN_STALE'],
    [{ kind: 'key', id: 'one', until }, 'TOKEN_STALE'],
    [everything(now + 1), 'TOKEN_STALE'],
    [{ kind: 'session', id: 'session-2', until }, null],
    [{ kind: 'subject', id: 'user-1', until, before: now }, null],
    [{ kind: 'key', id: 'two', until }, null],
    [{ kind: 'key-set', id: 'one', until }, null]
  ] as const
  for (const [entry, expected] of entries) {
    const revoked = revokedTokens(clocks)
    const told: string[] = []
    const stop = revoked.watch(ada, (why) => told.push(why))
    revoked.apply(entry)
    t.strictSame(told, expected === null ? [] : [expected], `${entry.kind} ${entry.id}`)
    stop()
    revoked.apply(entry)
    t.ok(told.length < 2, 'and nothing once it has stopped')
  }
  t.end()
})

t.test('no entry is forgotten when the wall clock jumps ahead', async (t) => {
  const [clock, monotonicClock] = [testClock(), testClock(0)]
  const revoked = revokedTokens({ clock, monotonicClock })
  const hourMs = 3_600_000
  const end = (id: string, seconds: number) =>
    revoked.apply({ kind: 'session', id, until: 1_800_000_000 + seconds })
  end('before', 1000)
  clock.advance(hourMs)
  end('during', 360)
  monotonicClock.advance(10_000)
  revoked.sweep()
  clock.advance(10_000 - hourMs)
  t.equal(revoked.size, 2, 'although both were past by the wall clock')
  clock.advance(980_000)
  monotonicClock.advance(980_000)
  revoked.sweep()
  t.equal(revoked.size, 1, 'the first is still due')
  clock.advance(10_001)
  monotonicClock.advance(10_001)
  revoked.sweep()
  t.equal(revoked.size, 0)
})
