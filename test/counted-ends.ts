import type { Test } from 'tap'
import { letterSent, loggedIn, passed, token } from './expected-counts.ts'
import type { meteredSystem } from './metered-system.ts'

const password = 'correct horse battery'

/** Ends sessions for each reason, and compares what is counted meanwhile. */
export async function countedEnds(
  t: Test,
  { api, ops, counting }: Awaited<ReturnType<typeof meteredSystem>>
): Promise<void> {
  const email = 'ends@example.com'
  const { id } = (await api.register(email, password)).body.user
  const { refreshToken } = (await api.login(email, password)).body
  const loggedOut = {
    ...passed('refresh', 'auth', '2xx'),
    'auth_request_duration_seconds /logout 204': 1,
    'auth_sessions_ended_total logout': 1,
    'auth_audit_events_total logout': 1
  }
  await counting(t, 'a logout', loggedOut, () => api.logout(refreshToken))
  const evicting = {
    ...loggedIn(3),
    'auth_sessions_ended_total evicted': 1,
    'auth_audit_events_total session-evicted': 1
  }
  const last = await counting(t, 'one session too many', evicting, async () => {
    for (let round = 0; round < 2; round += 1) await api.login(email, password)
    return (await api.login(email, password)).body
  })
  const changed = {
    ...passed('auth', 'auth', '2xx'),
    ...token('verified'),
    'auth_request_duration_seconds /password 204': 1,
    auth_password_hash_wait_seconds: 3,
    'auth_sessions_ended_total password': 1,
    'auth_audit_events_total password-changed': 1,
    'auth_audit_events_total logout-all': 1,
    ...letterSent
  }
  const json = { currentPassword: password, newPassword: 'staple of a battery' }
  await counting(t, 'a new password', changed, () =>
    api.call('/auth/password', { token: last.accessToken, json })
  )
  const ending = (path: string, method: string, reason: string, event: string) => ({
    ...passed('auth', 'auth', '2xx', method),
    ...token('remembered'),
    [`auth_request_duration_seconds ${path} 204`]: 1,
    [`auth_sessions_ended_total ${reason}`]: 1,
    [`auth_audit_events_total ${event}`]: 1
  })
  const other = (await api.login(email, json.newPassword)).body
  const one = ending('/sessions/:id', 'DELETE', 'ended', 'session-ended')
  await counting(t, 'one session', one, () =>
    api.call(`/auth/sessions/${other.session.id}`, { method: 'DELETE', token: last.accessToken })
  )
  const all = ending('/logout-all', 'POST', 'logout_all', 'logout-all')
  await counting(t, 'all sessions', all, () =>
    api.call('/auth/logout-all', { method: 'POST', token: last.accessToken })
  )
  await api.login(email, json.newPassword)
  const disabled = {
    'auth_sessions_ended_total operator': 1,
    'auth_audit_events_total user-disabled': 1
  }
  await counting(t, 'an operator disables the user', disabled, () =>
    ops(['users', 'disable', id, '--yes'])
  )
}
