import { randomUUID } from 'node:crypto'
import { eventually } from '@gatehouse/fixtures/client'
import { endsInTime } from '@gatehouse/fixtures/ends-in-time'
import { faults } from '@gatehouse/fixtures/faults'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import { accountChanges } from '../../src/accounts/changes/account-changes.ts'
import { storeClock } from '../../src/redis/store-clock.ts'
import { redisFamilies } from '../../src/sessions/families/redis/redis-families.ts'
import { audited, login, OPS_TOKEN, registered, type Tokens } from '../fixtures/auth-service.ts'
import { familySteps, source } from '../fixtures/families/family-steps.ts'
import { opening, policy, revocationSeconds, revokedSids } from '../fixtures/families/stores.ts'
import { isProblem } from '../fixtures/problem.ts'
import { onRedis } from './fixtures/lost-redis.ts'

const options = { skip: redisMissing }

/** until a connection is restored */
const LONG_MS = 20_000

t.test('a complete loss of Redis signs no user out', options, async (t) => {
  const { auth, redis, refresh } = await onRedis(t)
  const { id } = await registered(auth)
  const tokens = await login(auth)
  const second: Tokens = (await refresh(tokens.refreshToken)).json()
  await redis.flushall()

  t.match(await auth.state.listSessions(id), [{ sid: tokens.session.id }], 'it is still listed')
  const next = () => refresh(second.refreshToken)
  const restored = await endsInTime(
    t,
    faults.redisEmptied,
    next,
    ({ statusCode }) => statusCode === 200
  )
  t.equal(restored.statusCode === 200 ? 0 : 1, faults.redisEmptied.lost)
  t.equal((await refresh(restored.json().refreshToken)).statusCode, 200, 'and it continues')
  isProblem(
    t,
    await refresh(tokens.refreshToken),
    { code: 'SESSION_ENDED' },
    'a spent token is reuse'
  )
  const kinds = (await audited(auth)).map(({ kind }) => kind)
  t.strictSame(kinds, ['user-created', 'login', 'refresh-restored', 'refresh-reused'])
})

t.test(
  'after a restore of the database without Redis, an operator can end all revived sessions',
  options,
  async (t) => {
    const { auth, redis, refresh, settle, losses } = await onRedis(t)
    await registered(auth)
    const [out, idle, alive] = [await login(auth), await login(auth), await login(auth)]
    await settle()
    t.equal(losses(), 0, 'the first run has lost nothing')
    await auth.post('/logout', { refreshToken: out.refreshToken })
    // The state of a backup that was made before the logout.
    await auth.database.updateTable('sessions').set({ ended_at_ms: null, untold: 0 }).execute()
    await redis.flushall()
    await settle()
    t.equal(losses(), 1, 'the log says so, and how to end them')
    const revived = await refresh(out.refreshToken)
    t.equal(revived.statusCode, 200, 'nothing else can know that it had ended')

    const headers = { authorization: `Bearer ${OPS_TOKEN}` }
    const ask = async (payload: object) =>
      await auth.ops.inject({ method: 'POST', url: '/ops/sessions/end-all', headers, payload })
    const early = await ask({ openedBefore: '2020-01-01T00:00:00Z' })
    t.match(early.json(), { ended: 0, more: false, openedBefore: '2020-01-01T00:00:00.000Z' })
    t.equal((await refresh(alive.refreshToken)).statusCode, 200, 'all were opened later')
    auth.clock.advance(1000)
    t.match((await ask({})).json(), { ended: 3, more: false })
    for (const { refreshToken } of [revived.json(), idle, alive]) {
      isProblem(t, await refresh(refreshToken), { code: 'SESSION_ENDED' })
    }
    t.ok((await auth.stale.allNotBefore()) > auth.clock() / 1000 - 10, 'their access tokens')
    t.equal((await refresh((await login(auth)).refreshToken)).statusCode, 200, 'a later login')
    const ofAll = (await audited(auth)).filter(({ kind }) => kind === 'all-sessions-ended')
    t.strictSame(
      ofAll.map(({ detail }) => JSON.parse(detail).ended),
      [0, 3]
    )
  }
)

t.test('a complete loss of Redis revives no ended session', options, async (t) => {
  const { auth, redis, refresh, settle, store } = await onRedis(t)
  await registered(auth)
  const [one, other] = [await login(auth), await login(auth)]
  await settle()
  await auth.post('/logout', { refreshToken: one.refreshToken })
  await settle()
  await redis.flushall()
  t.strictSame(await revokedSids(store), [], 'the log is lost, too')

  isProblem(t, await refresh(one.refreshToken), { code: 'SESSION_ENDED' })
  t.equal((await refresh(other.refreshToken)).statusCode, 200)
})

t.test(
  'the ends of all tokens that any instance has signed are published again',
  options,
  async (t) => {
    const { auth, redis, clock, settle, store } = await onRedis(t)
    await registered(auth)
    const { refreshToken, session } = await login(auth)
    await settle()
    await auth.post('/logout', { refreshToken })
    await settle()
    // Another instance has begun to sign tokens for an hour since this one started.
    await auth.database.updateTable('signing_keys').set({ longest_token_seconds: 3600 }).execute()
    clock.advance(1_200_000)
    await redis.flushall()
    await settle()
    await settle()
    t.strictSame(await revokedSids(store), [session.id])
  }
)

for (const [title, lives] of Object.entries({
  'a Redis that was restarted with an older copy': true,
  'a Redis that lost all keys': false
})) {
  t.test(`${title} gets the recent ends again`, options, async (t) => {
    const { auth, redis, kill, start, settle, store, refresh } = await onRedis(t)
    const { id } = await registered(auth)
    const { refreshToken, session } = await login(auth)
    await settle()
    await auth.post('/logout', { refreshToken })
    const change = { stale: auth.stale.now, source, clock: auth.clock }
    await accountChanges(auth.database).setRoles(id, ['admin'], change)
    await auth.stale.publishNoted()
    await settle()
    t.strictSame(await revokedSids(store), [session.id])

    // A copy that is older than the logout: all later writes are lost.
    await redis.flushall()
    if (lives) {
      await kill()
      await start()
    }
    const pings = () =>
      store.families.ping().then(
        () => true,
        () => false
      )
    await eventually(pings, (answers) => answers, LONG_MS)
    t.strictSame(await revokedSids(store), [], 'it does not know')
    await settle()
    await settle()
    t.strictSame(
      await revokedSids(store),
      [session.id],
      'gateways that start now refuse its tokens'
    )
    const stale = await auth.database.selectFrom('untold_stale_tokens').selectAll().execute()
    t.match(stale, [{ subject: id }], 'a change of rights is to be published again')
    isProblem(t, await refresh(refreshToken), { code: 'SESSION_ENDED' })
  })
}

t.test(
  "the grace window is measured by Redis' clock, whatever the clock of an instance says",
  options,
  async (t) => {
    const { url } = await redisServer(t)
    const hours = 3_600_000
    const instances = await Promise.all(
      [0, 2 * hours, -2 * hours].map(async (offMs) => {
        const time = storeClock(60_000, undefined, () => Date.now() + offMs)
        const redis = await redisConnection(t, url)
        const families = redisFamilies(redis, policy, {
          storeClock: time,
          revocationSeconds: () => revocationSeconds
        })
        await families.ping()
        t.ok(Math.abs(time.aheadMs - offMs) < 60_000, 'and how far it is off is known')
        return familySteps(families, policy, time.now)
      })
    )
    const [one, ahead, behind] = instances as [
      (typeof instances)[0],
      (typeof instances)[0],
      (typeof instances)[0]
    ]
    const subject = randomUUID()
    await ahead.open(subject, 'a session', opening)
    t.equal((await one.present(subject, 'a session', 0)).outcome, 'rotated')
    const outcomes = [
      (await ahead.present(subject, 'a session', 0)).outcome,
      (await behind.present(subject, 'a session', 0)).outcome
    ]
    const lost = outcomes.filter((outcome) => outcome !== 'replayed')
    t.equal(lost.length, faults.clockWrong.lost, outcomes.join())
  }
)
