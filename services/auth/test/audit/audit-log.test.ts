import t from 'tap'
import {
  type AuthUnderTest,
  authService,
  disable,
  email,
  login,
  password,
  signedIn
} from '../fixtures/auth-service.ts'

/** The events of the audit log, in order, without the members that are the same in every line. */
async function entries({ database }: AuthUnderTest) {
  const rows = await database.selectFrom('audit_events').selectAll().execute()
  return rows.map(({ kind, subject, sid, detail }) => ({
    kind,
    subject,
    sid,
    detail: JSON.parse(detail)
  }))
}

const of = ({ user, tokens }: Awaited<ReturnType<typeof signedIn>>) => ({
  subject: user.id,
  sid: tokens.session.id
})

t.test('the audit log has accounts, logins and failures, and nothing that was typed', async (t) => {
  const auth = await authService(t)
  const signed = await signedIn(auth)
  await auth.post('/login', { email, password: 'a wrong one' })
  await auth.post('/login', { email: 'nobody@example.com', password })
  const asUser = await auth.gateway.signedIn({ subject: signed.user.id, session: of(signed).sid })
  const guess = { currentPassword: 'a guess of a thief', newPassword: 'another horse altogether' }
  t.equal((await auth.post('/password', guess, asUser)).statusCode, 401)
  t.equal((await auth.post('/step-up', { password: 'a wrong one' }, asUser)).statusCode, 401)

  t.strictSame(await entries(auth), [
    { kind: 'user-created', subject: signed.user.id, sid: null, detail: {} },
    { kind: 'login', ...of(signed), detail: {} },
    { kind: 'login-failed', subject: signed.user.id, sid: null, detail: {} },
    { kind: 'login-failed', subject: null, sid: null, detail: {} },
    { kind: 'login-failed', ...of(signed), detail: {} },
    { kind: 'login-failed', ...of(signed), detail: {} }
  ])
  const everything = JSON.stringify(
    await auth.database.selectFrom('audit_events').selectAll().execute()
  )
  t.notMatch(everything, /wrong one|a guess|nobody@|correct horse|another horse/)
})

t.test('an audit event has its time, client address and request id', async (t) => {
  const auth = await authService(t)
  await signedIn(auth)
  await auth.post(
    '/login',
    { email, password },
    { ...auth.gateway.from('198.51.100.7'), 'x-request-id': 'request-1' }
  )
  const rows = await auth.database.selectFrom('audit_events').selectAll().execute()
  t.match(rows.at(-1), { at_ms: auth.clock(), address: '198.51.100.7', request_id: 'request-1' })
})

t.test('every refresh that is not an ordinary rotation has an event', async (t) => {
  const auth = await authService(t)
  const signed = await signedIn(auth)
  const refresh = async (refreshToken: string): Promise<string> =>
    (await auth.post('/refresh-token', { refreshToken })).json().refreshToken
  const first = await refresh(signed.tokens.refreshToken)
  auth.clock.advance(3000)
  await refresh(signed.tokens.refreshToken)
  const second = await refresh(first)
  await refresh(second)
  auth.clock.advance(60_000)
  await refresh(signed.tokens.refreshToken)
  auth.clock.advance(1000)
  await refresh(signed.tokens.refreshToken)

  const told = (await entries(auth)).filter(({ kind }) => kind.startsWith('refresh-'))
  t.strictSame(
    told,
    [
      { kind: 'refresh-replayed', detail: { generationsBehind: 1, secondsSinceRotation: 3 } },
      { kind: 'refresh-reused', detail: { generationsBehind: 3, secondsSinceRotation: 60 } },
      { kind: 'refresh-ended', detail: {} }
    ].map(({ kind, detail }) => ({ kind, ...of(signed), detail })),
    'a reuse says how far back, and how long after'
  )
  const counted = await auth.registry.getSingleMetricAsString('auth_refresh_total')
  t.match(counted, 'auth_refresh_total{outcome="rotated"} 3')
  t.match(counted, 'auth_refresh_total{outcome="reused"} 1')
})

t.test('many simultaneous reuses have one event', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const refresh = (refreshToken: string) => auth.post('/refresh-token', { refreshToken })
  const first = (await refresh(tokens.refreshToken)).json().refreshToken
  await refresh(first)

  await Promise.all(Array.from({ length: 50 }, () => refresh(tokens.refreshToken)))

  const reuses = (await entries(auth)).filter(({ kind }) => kind === 'refresh-reused')
  t.equal(reuses.length, 1)
})

t.test('every way to end a session has one event', async (t) => {
  const auth = await authService(t)
  const signed = await signedIn(auth)
  const { user } = signed
  await auth.post('/logout', { refreshToken: signed.tokens.refreshToken })
  await auth.post('/logout', { refreshToken: signed.tokens.refreshToken })
  const second = await login(auth)
  const headers = await auth.gateway.signedIn({ subject: user.id })
  await auth.service.inject({ method: 'DELETE', url: `/sessions/${second.session.id}`, headers })
  await login(auth)
  await auth.post('/logout-all', undefined, headers)
  const last = await login(auth)
  await disable(auth, user.id)
  await auth.post('/refresh-token', { refreshToken: last.refreshToken })

  const begins = ['user-created', 'login']
  const ends = (await entries(auth)).filter(({ kind }) => !begins.includes(kind))
  const subject = user.id
  t.strictSame(ends, [
    { kind: 'logout', ...of(signed), detail: {} },
    { kind: 'session-ended', subject, sid: second.session.id, detail: {} },
    { kind: 'logout-all', subject, sid: null, detail: { ended: 1 } },
    { kind: 'session-ended', subject, sid: last.session.id, detail: {} }
  ])
})
