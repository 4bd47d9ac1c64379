import { randomUUID } from 'node:crypto'
import { redisMissing } from '@gatehouse/fixtures/redis-server'
import { decodeJwt } from 'jose'
import t, { type Test } from 'tap'
import { lateSeconds } from '../../../src/sessions/families/family.ts'
import {
  audited,
  authService,
  email,
  login,
  password,
  registered,
  type Tokens
} from '../../fixtures/auth-service.ts'
import { source } from '../../fixtures/families/family-steps.ts'
import { clockFromNow, opening, policy, sqliteStore } from '../../fixtures/families/stores.ts'
import { isProblem } from '../../fixtures/problem.ts'
import { few, redisOf, UNRECORDED } from './fixtures/on-redis.ts'

const options = { skip: redisMissing }
const { onRedis, serviceOnRedis } = redisOf(t)

t.test('a token that is reused during a logout has an event', options, async (t) => {
  const { auth, refresh, settle, beforePresent } = await serviceOnRedis(t)
  await registered(auth)
  const first = await login(auth)
  const second: Tokens = (await refresh(first.refreshToken)).json()
  await refresh(second.refreshToken)
  beforePresent(async ({ subject, sid }) => {
    await auth.state.durable.end({ kind: 'logout', subject, sid, source })
  })
  isProblem(t, await refresh(first.refreshToken), { code: 'SESSION_ENDED' })
  await settle()
  const kinds = (await audited(auth)).map(({ kind }) => kind)
  t.strictSame(kinds, ['user-created', 'login', 'logout', 'refresh-reused'])
})

t.test('a session that is opened after the end of all sessions continues', options, async (t) => {
  const { auth, clock, refresh, settle, store } = await serviceOnRedis(t)
  const { id } = await registered(auth)
  const before = await login(auth)
  // The database has the end of all sessions. The session store learns of it only after the next
  // login.
  const ended = await auth.state.durable.endAll({
    kind: 'logout-all',
    subject: id,
    sid: null,
    source
  })
  t.strictSame(ended, [before.session.id])
  const after = await login(auth)
  // The database does not know this session: a version without its table opened it.
  const openedAt = clock() / 1000
  const expiresAt = openedAt + policy.absoluteSeconds
  await store.families.store.open(id, 'unknown', { ...opening, openedAt, expiresAt })
  await auth.state.ends.publishAll(id, null, ended)
  t.strictSame(
    (await store.families.list(id)).map(({ sid }) => sid),
    [after.session.id]
  )
  await settle()
  t.equal((await refresh(after.refreshToken)).statusCode, 200)
  isProblem(t, await refresh(before.refreshToken), { code: 'SESSION_ENDED' })
})

t.test(
  'a login is not refused if later logins evict its session before it is answered',
  options,
  async (t) => {
    const { store, clock } = await onRedis(t)
    let afterOpening = async (_subject: string, _sid: string) => {}
    const auth = await authService(t, {
      clock,
      families: () => ({
        ...store.families.store,
        async open(subject, sid, opened) {
          const opening = await store.families.store.open(subject, sid, opened)
          await afterOpening(subject, sid)
          return opening
        }
      })
    })
    const { id } = await registered(auth)
    afterOpening = async (subject, sid) => {
      await auth.state.durable.end({ kind: 'session-evicted', subject, sid, source })
    }
    const evicted = await login(auth)
    t.strictSame(await store.families.list(id), [], 'the store knows of the end')
    const refreshed = await auth.post('/refresh-token', { refreshToken: evicted.refreshToken })
    isProblem(t, refreshed, { code: 'SESSION_ENDED' })

    afterOpening = async (subject) => {
      const disabled = { disabled_at: 1 }
      await auth.database.updateTable('accounts').set(disabled).where('id', '=', subject).execute()
    }
    isProblem(t, await auth.post('/login', { email, password }), {
      code: 'UNAUTHENTICATED',
      detail: 'the e-mail address or the password is wrong'
    })
  }
)

t.test('a token that is signed late is as old as its request', options, async (t) => {
  const { auth, clock, refresh, beforePresent } = await serviceOnRedis(t)
  await registered(auth)
  const { refreshToken } = await login(auth)
  const begun = Math.floor(clock() / 1000)
  // The process is stopped for longer than gateways remember an end.
  beforePresent(async () => clock.advance(600_000))
  const { accessToken } = (await refresh(refreshToken)).json()
  t.equal(decodeJwt(accessToken).iat, begun)
})

t.test('an unreadable note does not delay other ends', options, async (t) => {
  const { auth, redis, refresh, settle, store, clock } = await serviceOnRedis(t)
  const { id } = await registered(auth)
  const [one, other] = [await login(auth), await login(auth)]
  const notes = { 'not JSON': '{', 'no note': '7', 'of a newer version': '{"kind":"session-new"}' }
  await redis.hset(UNRECORDED, notes)
  for (const { session } of [one, other]) {
    for (const generation of [0, 1, 0]) await store.families.present(id, session.id, generation)
  }
  await auth.state.durable.end({ kind: 'logout', subject: id, sid: other.session.id, source })
  clock.advance(3000)
  await t.rejects(auth.state.ends.settle(), /3 notes of ended sessions that cannot be read/)
  t.strictSame((await redis.hkeys(UNRECORDED)).sort(), Object.keys(notes).sort(), 'those stay')
  await t.rejects(settle(), /cannot be read/)
  t.strictSame(await auth.state.durable.list(id, []), [], 'the database has both ends')
  const untold = await auth.database.selectFrom('sessions').select('untold').execute()
  t.ok(
    untold.every((row) => row.untold === 0),
    'and the store was told'
  )
  isProblem(t, await refresh(one.refreshToken), { code: 'SESSION_ENDED' })
  t.ok((await login(auth)).refreshToken, 'nor does it keep anybody from signing in')
})

const kinds = {
  Redis: { skip: redisMissing, make: async (t: Test) => await onRedis(t) },
  'the embedded store': {
    skip: false,
    async make(t: Test) {
      const clock = clockFromNow()
      return { clock, store: sqliteStore(t, { policy: few, clock }) }
    }
  }
}

for (const [name, { skip, make }] of Object.entries(kinds)) {
  t.test(`${name} forgets no end that the database may not know`, { skip }, async (t) => {
    const { store, clock } = await make(t)
    const { families } = store
    const subject = randomUUID()
    const seconds = Math.floor(clock() / 1000)
    const opened = { ...opening, openedAt: seconds, expiresAt: seconds + policy.absoluteSeconds }
    const present = async (sid: string, generation: number) =>
      (await families.present(subject, sid, generation, opened)).outcome
    const logins = async (name: string) => {
      for (let number = 0; number < 4; number += 1) {
        clock.advance(1000)
        await families.open(subject, `${name} ${number}`, opening)
        await families.end(subject, `${name} ${number}`)
      }
    }
    await families.open(subject, 'reused', opening)
    for (const generation of [0, 1]) await present('reused', generation)
    t.equal(await present('reused', 0), 'reused')
    await families.open(subject, 'idle', opening)
    await logins('before')
    t.equal(await present('reused', 2), 'ended')
    await families.store.recorded({ subject, sid: 'reused' })
    await logins('after')
    t.equal(await present('reused', 2), 'restored', 'now the database would say that it has ended')
    await families.end(subject, 'reused')

    clock.advance(policy.idleSeconds * 1000)
    await logins('when it has been idle for too long')
    t.equal(await present('idle', 0), 'ended', 'the database may still take it for open')
    clock.advance(lateSeconds(policy.idleSeconds) * 1000)
    await logins('later')
    t.equal(await present('idle', 0), 'restored', 'now it does not')
  })
}
