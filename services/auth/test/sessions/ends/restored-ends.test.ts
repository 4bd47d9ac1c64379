import { redisMissing } from '@gatehouse/fixtures/redis-server'
import { COMMON } from '@gatehouse/redis/partitions'
import { redisHeartbeat } from '@gatehouse/revocation/redis-heartbeats'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import t from 'tap'
import { markKey } from '../../../src/redis/session-partitions.ts'
import { noteStale } from '../../../src/revocations/stale-tokens.ts'
import { endPublications } from '../../../src/sessions/ends/end-publications.ts'
import { lateSeconds } from '../../../src/sessions/families/family.ts'
import { familiesKey } from '../../../src/sessions/families/redis/redis-family-keys.ts'
import { audited, login, registered, type Tokens } from '../../fixtures/auth-service.ts'
import { policy } from '../../fixtures/families/stores.ts'
import { isProblem } from '../../fixtures/problem.ts'
import { redisOf } from './fixtures/on-redis.ts'

const options = { skip: redisMissing }
const { serviceOnRedis } = redisOf(t)

t.test(
  'ended sessions that came back with old data make no other session end',
  options,
  async (t) => {
    const { auth, redis, refresh, store, settle, clock } = await serviceOnRedis(t)
    const { id } = await registered(auth)
    await settle()
    const ghost = await login(auth)
    const oldCopy = await redis.dumpBuffer(familiesKey(id))
    await auth.post('/logout', { refreshToken: ghost.refreshToken })
    await settle()
    // Older than any accepted access token, so it is not published to the store again.
    clock.advance(24 * 3_600_000)
    const own = await login(auth)
    await redis.flushall()
    await redis.restore(familiesKey(id), 0, oldCopy)
    await settle()
    await settle()
    t.match(
      await store.families.list(id),
      [{ sid: ghost.session.id }],
      'the store takes it for live'
    )

    isProblem(t, await refresh(ghost.refreshToken), { code: 'SESSION_ENDED' })
    const [restored, third] = [await refresh(own.refreshToken), await login(auth)]
    t.equal(restored.statusCode, 200)
    const listed = await auth.state.listSessions(id)
    t.strictSame(
      listed.map(({ sid }) => sid),
      [own.session.id, third.session.id]
    )
    const kinds = (await audited(auth)).map(({ kind }) => kind)
    t.notOk(kinds.includes('session-evicted'), 'two are not too many')
  }
)

t.test('a session is restored up to the end of its idle lifetime', options, async (t) => {
  const { auth, redis, refresh, clock } = await serviceOnRedis(t)
  await registered(auth)
  const first = await login(auth)
  clock.advance((lateSeconds(policy.idleSeconds) - 1) * 1000)
  const second: Tokens = (await refresh(first.refreshToken)).json()
  clock.advance((policy.idleSeconds - 60) * 1000)
  await redis.flushall()
  t.equal((await refresh(second.refreshToken)).statusCode, 200, 'the database knew of no use since')
})

t.test('a session that was used after the store’s record is not idle', options, async (t) => {
  const { auth, redis, refresh, clock } = await serviceOnRedis(t)
  const { id } = await registered(auth)
  const first = await login(auth)
  const oldCopy = await redis.dumpBuffer(familiesKey(id))
  clock.advance((policy.idleSeconds - 60) * 1000)
  const second: Tokens = (await refresh(first.refreshToken)).json()
  clock.advance(3_600_000)
  await redis.flushall()
  await redis.restore(familiesKey(id), 0, oldCopy)

  isProblem(t, await refresh(first.refreshToken), { code: 'SESSION_ENDED' }, 'a spent token')
  t.equal((await refresh(second.refreshToken)).statusCode, 200)
  t.match(await audited(auth), [{}, {}, { kind: 'refresh-ended' }, { kind: 'refresh-healed' }])
})

t.test(
  'after a loss of data, heartbeats wait for the ends to be published again',
  options,
  async (t) => {
    const { auth, redis, complete, settle } = await serviceOnRedis(t)
    const mark = markKey(COMMON, 1)
    const completeMark = () => complete.markOf(COMMON)
    const beat = redisHeartbeat(redis, 'auth', {
      partition: COMMON,
      partitions: 1,
      mark,
      completeMark
    })
    const logged = async () =>
      (await redis.xrange(REVOCATION_STREAM, '-', '+')).map(([, [, kind]]) => kind)
    const { id } = await registered(auth)
    t.equal(await beat(), 'incomplete', 'a service that has just started knows of no log')
    const { refreshToken } = await login(auth)
    await settle()
    t.equal(await beat(), 'recent')
    await auth.post('/logout', { refreshToken })

    await redis.flushall()
    t.equal(await beat(), 'incomplete')
    await noteStale(auth.database, id, auth.stale.now(), 1)
    await settle()
    t.equal(await beat(), 'incomplete', 'a change of rights is not published')
    await auth.stale.publishNoted()
    await settle()
    t.equal(await beat(), 'recent')
    t.equal((await logged()).at(0), 'session', 'the end is before the heartbeat')
  }
)

t.test(
  'a second auth service with its own Redis is not taken for a loss of data',
  options,
  async (t) => {
    const { auth, settle, noticed, clock } = await serviceOnRedis(t)
    await settle()
    // The auth service does this when it starts.
    const theirs = endPublications(auth.database, clock)
    await theirs.beginRun('run:history:mark', 0)
    await theirs.completeRun('run:history:mark')
    await settle()
    await settle()
    t.strictSame(noticed, { lostData: 0, otherStore: 1 }, 'the log says so once')
    await registered(auth)
    await auth.post('/logout', { refreshToken: (await login(auth)).refreshToken })
    await settle()
    await settle()
    t.not(await theirs.currentRun(), 'run:history:mark', 'the ends are published again')
    t.strictSame(noticed, { lostData: 0, otherStore: 1 })
  }
)
