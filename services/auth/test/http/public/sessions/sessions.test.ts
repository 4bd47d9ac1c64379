import { randomUUID } from 'node:crypto'
import t from 'tap'
import {
  type AuthUnderTest,
  authService,
  email,
  password,
  registered,
  signedIn,
  type Tokens
} from '../../../fixtures/auth-service.ts'
import { policy, revokedSids } from '../../../fixtures/families/stores.ts'
import { isProblem } from '../../../fixtures/problem.ts'

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** A login on a device of its own. */
async function loginFrom({ post }: AuthUnderTest, userAgent: string): Promise<Tokens> {
  return (await post('/login', { email, password }, { 'user-agent': userAgent })).json()
}

t.test('a user sees their sessions, the one that was used last first', async (t) => {
  const auth = await authService(t)
  const user = await registered(auth)
  await signedIn(auth, 'grace@example.com')
  const phone = await loginFrom(auth, 'okhttp/5.1.0')
  auth.clock.advance(3_600_000)
  const browser = await loginFrom(auth, FIREFOX)
  auth.clock.advance(60_000)
  await auth.post('/refresh-token', { refreshToken: phone.refreshToken })
  const caller = { subject: user.id, session: browser.session.id }

  const answer = await auth.get('/sessions', await auth.gateway.signedIn(caller))

  const at = (milliseconds: number) => new Date(1_800_000_000_000 + milliseconds).toISOString()
  const idle = policy.idleSeconds * 1000
  t.equal(answer.statusCode, 200)
  t.strictSame(answer.json(), {
    sessions: [
      {
        id: phone.session.id,
        current: false,
        createdAt: at(0),
        lastUsedAt: at(3_660_000),
        expiresAt: at(3_660_000 + idle),
        label: 'okhttp'
      },
      {
        id: browser.session.id,
        current: true,
        createdAt: at(3_600_000),
        lastUsedAt: at(3_600_000),
        expiresAt: at(3_600_000 + idle),
        label: 'Firefox on Linux'
      }
    ]
  })
})

t.test('ended sessions do not slow the list of sessions down', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const past: string[] = []
  for (let login = 0; login < 5; login++) {
    const { refreshToken, session } = await loginFrom(auth, FIREFOX)
    await auth.post('/logout', { refreshToken })
    past.push(session.id)
  }
  const read = async (stored: readonly string[]) =>
    (await auth.state.durable.list(user.id, stored)).map(({ sid }) => sid).sort()
  const [first = '', second = ''] = past
  t.strictSame(await read([]), [tokens.session.id])
  t.strictSame(await read([first, second]), [tokens.session.id, first, second].sort())
  const other = await signedIn(auth, 'grace@example.com')
  t.strictSame(await read([other.tokens.session.id]), [tokens.session.id], "not another user's")
})

t.test('an expired or ended session is not listed', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  await loginFrom(auth, FIREFOX)
  await auth.post('/logout', { refreshToken: tokens.refreshToken })
  const headers = await auth.gateway.signedIn({ subject: user.id })
  const labels = async () =>
    (await auth.get('/sessions', headers))
      .json()
      .sessions.map(({ label }: { label: string }) => label)

  t.strictSame(await labels(), ['Firefox on Linux'])
  auth.clock.advance(policy.idleSeconds * 1000)
  t.strictSame(await labels(), [], 'nor one that was idle too long')
})

t.test('a user ends one session, and the others continue', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const lost = await loginFrom(auth, 'okhttp/5.1.0')
  const headers = await auth.gateway.signedIn({ subject: user.id, session: tokens.session.id })
  const remove = (id: string) =>
    auth.service.inject({ method: 'DELETE', url: `/sessions/${id}`, headers })

  t.equal((await remove(lost.session.id)).statusCode, 204)

  const refresh = (refreshToken: string) => auth.post('/refresh-token', { refreshToken })
  isProblem(t, await refresh(lost.refreshToken), { code: 'SESSION_ENDED' })
  t.equal((await refresh(tokens.refreshToken)).statusCode, 200)
  t.strictSame(await revokedSids(auth.store), [lost.session.id], 'the end is published')
  isProblem(
    t,
    await remove(lost.session.id),
    { code: 'NOT_FOUND', detail: 'there is no such session' },
    'once'
  )
})

t.test('a user signs out everywhere else', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const phone = await loginFrom(auth, 'okhttp/5.1.0')
  const browser = await loginFrom(auth, FIREFOX)
  const headers = await auth.gateway.signedIn({ subject: user.id, session: browser.session.id })

  const answer = await auth.service.inject({ method: 'DELETE', url: '/sessions', headers })

  t.equal(answer.statusCode, 204)
  const refresh = (refreshToken: string) => auth.post('/refresh-token', { refreshToken })
  isProblem(t, await refresh(tokens.refreshToken), { code: 'SESSION_ENDED' })
  isProblem(t, await refresh(phone.refreshToken), { code: 'SESSION_ENDED' })
  t.equal(
    (await refresh(browser.refreshToken)).statusCode,
    200,
    'the session of the request continues'
  )
})

t.test("another user's session gets the response of an unknown one", async (t) => {
  const auth = await authService(t)
  const { user } = await signedIn(auth)
  const { tokens: others } = await signedIn(auth, 'grace@example.com')
  const headers = await auth.gateway.signedIn({ subject: user.id })

  for (const id of [others.session.id, randomUUID(), '..', 'x'.repeat(65)]) {
    const url = `/sessions/${encodeURIComponent(id)}`
    const answer = await auth.service.inject({ method: 'DELETE', url, headers })
    t.ok([400, 404].includes(answer.statusCode), `${id.slice(0, 30)}: ${answer.statusCode}`)
  }
  const { refreshToken } = others
  t.equal((await auth.post('/refresh-token', { refreshToken })).statusCode, 200, 'it lives on')
})

t.test('the list of sessions needs a signed-in user', async (t) => {
  const auth = await authService(t)
  isProblem(t, await auth.get('/sessions'), { code: 'UNAUTHENTICATED' })
  const answer = await auth.service.inject({ method: 'DELETE', url: '/sessions/x' })
  isProblem(t, answer, { code: 'UNAUTHENTICATED' })
})
