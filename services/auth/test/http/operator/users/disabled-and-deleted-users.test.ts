import t from 'tap'
import {
  audited,
  email,
  login,
  password,
  registered,
  signedIn
} from '../../../fixtures/auth-service.ts'
import { revokedSids } from '../../../fixtures/families/stores.ts'
import { noSuchUser, operating, refresh, wrongCredentials } from '../../../fixtures/operating.ts'
import { isProblem } from '../../../fixtures/problem.ts'

t.test('a disabled user is signed out everywhere at once', async (t) => {
  const { auth, call } = await operating(t)
  const { user, tokens } = await signedIn(auth)
  const other = await login(auth)

  const answer = await call('POST', `/ops/users/${user.id}/disable`)

  t.match(answer.json(), { user: { id: user.id, disabled: true }, ended: 2 })
  const ids = [tokens.session.id, other.session.id]
  t.strictSame((await revokedSids(auth.store)).sort(), ids.sort(), 'every gateway hears of it')
  isProblem(t, await refresh(auth, tokens.refreshToken), { code: 'SESSION_ENDED' })
  isProblem(t, await auth.post('/login', { email, password }), wrongCredentials)

  const enabled = await call('POST', `/ops/users/${encodeURIComponent(email)}/enable`)
  t.match(enabled.json(), { user: { disabled: false } }, 'by e-mail as well')
  t.equal((await auth.post('/login', { email, password })).statusCode, 200)
  isProblem(t, await refresh(auth, other.refreshToken), { code: 'SESSION_ENDED' })
  const kinds = (await audited(auth)).map(({ kind, address }) => `${kind} ${address}`)
  t.ok(kinds.includes('user-disabled ops') && kinds.includes('user-enabled ops'))
})

t.test('a login in progress when its user is disabled opens no session', async (t) => {
  let disable = async (): Promise<unknown> => null
  const { auth, call } = await operating(t, {
    // The moment between the check of the password and the end of the user's sessions.
    families: (real) => ({
      ...real,
      async open(...opening) {
        await disable()
        return real.open(...opening)
      }
    })
  })
  const { id } = await registered(auth)
  disable = () => call('POST', `/ops/users/${id}/disable`)
  isProblem(t, await auth.post('/login', { email, password }), wrongCredentials)
  t.strictSame(await auth.state.listSessions(id), [])
  t.strictSame(await auth.store.families.list(id), [], 'nothing is left alive')
})

t.test('a login in progress when its user is deleted opens no session', async (t) => {
  let remove = async (): Promise<unknown> => null
  const { auth, call } = await operating(t, {
    families: (real) => ({
      ...real,
      async open(...opening) {
        await remove()
        return real.open(...opening)
      }
    })
  })
  const { id } = await registered(auth)
  remove = () => call('DELETE', `/ops/users/${id}`)
  isProblem(t, await auth.post('/login', { email, password }), wrongCredentials)
  t.strictSame(await auth.store.families.list(id), [], 'nothing is left alive')
})

t.test('a deleted user is unknown, and the audit log keeps the events', async (t) => {
  const { auth, call } = await operating(t)
  const { user, tokens } = await signedIn(auth)
  const shown = await call('GET', `/ops/users/${email}`)
  t.match(shown.json(), { user: { id: user.id, email }, sessions: 1 })

  const answer = await call('DELETE', `/ops/users/${encodeURIComponent(email)}`)

  t.strictSame(answer.json(), { id: user.id, ended: 1 })
  t.strictSame(await revokedSids(auth.store), [tokens.session.id], 'every gateway hears of it')
  isProblem(t, await refresh(auth, tokens.refreshToken), { code: 'SESSION_ENDED' })
  isProblem(t, await auth.post('/login', { email, password }), wrongCredentials)
  isProblem(t, await call('GET', `/ops/users/${user.id}`), noSuchUser)
  const log = (await call('GET', `/ops/audit?user=${user.id}`)).json().events
  t.strictSame(log.map(({ kind }: { kind: string }) => kind).sort(), [
    'login',
    'user-created',
    'user-deleted'
  ])
  t.notMatch(JSON.stringify(await audited(auth)), email)
  const again = await registered(auth)
  t.not(again.id, user.id, 'the address is free, and another person')
})
