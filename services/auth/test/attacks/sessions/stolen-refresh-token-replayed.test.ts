import t from 'tap'
import { audited, authService, login, signedIn, used } from '../../fixtures/auth-service.ts'
import { policy, revokedSids } from '../../fixtures/families/stores.ts'
import { isProblem } from '../../fixtures/problem.ts'

const refreshed = 'auth_refresh_total'

t.test('a token that is reused after its owner rotated ends the family, for both', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const elsewhere = await login(auth)
  const refresh = (refreshToken: string) => auth.post('/refresh-token', { refreshToken })
  const stolen = tokens.refreshToken
  const { refreshToken: owners, accessToken } = (await refresh(stolen)).json()
  await used(auth, accessToken)
  auth.clock.advance(policy.graceSeconds * 1000)

  const thief = await refresh(stolen)

  isProblem(t, thief, { code: 'SESSION_ENDED' }, 'the thief gets nothing')
  isProblem(t, await refresh(owners), { code: 'SESSION_ENDED' }, 'the newest token is dead too')
  t.strictSame(await revokedSids(auth.store), [tokens.session.id], 'and its access tokens')
  t.equal((await refresh(elsewhere.refreshToken)).statusCode, 200, 'other devices continue')
  const counted = await auth.registry.getSingleMetricAsString(refreshed)
  t.match(counted, `${refreshed}{outcome="reused"} 1`, 'it is counted')
  const [event] = (await audited(auth)).filter(({ kind }) => kind === 'refresh-reused')
  t.match(event, { subject: user.id, sid: tokens.session.id }, 'and audited')
  t.strictSame(JSON.parse(event?.detail ?? ''), {
    generationsBehind: 1,
    secondsSinceRotation: policy.graceSeconds
  })
})

t.test('when the thief is first, the refresh of the owner ends the session', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const refresh = (refreshToken: string) => auth.post('/refresh-token', { refreshToken })
  let thiefs = tokens.refreshToken
  for (const _ of ['once', 'twice']) thiefs = (await refresh(thiefs)).json().refreshToken

  isProblem(t, await refresh(tokens.refreshToken), { code: 'SESSION_ENDED' }, 'within grace even')
  isProblem(t, await refresh(thiefs), { code: 'SESSION_ENDED' }, 'the thief is out')
})

t.test('within the grace window, thief and owner get the same successor', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const refresh = (refreshToken: string) => auth.post('/refresh-token', { refreshToken })
  const owners = (await refresh(tokens.refreshToken)).json().refreshToken
  const thiefs = (await refresh(tokens.refreshToken)).json().refreshToken
  t.equal(thiefs, owners, 'so the family has not forked')

  await used(auth, (await refresh(owners)).json().accessToken)
  auth.clock.advance(policy.graceSeconds * 1000)
  isProblem(t, await refresh(thiefs), { code: 'SESSION_ENDED' }, 'and its second use shows')
  const counted = await auth.registry.getSingleMetricAsString(refreshed)
  t.match(counted, `${refreshed}{outcome="replayed"} 1`, 'the replay is counted')
})

t.test('a token of a session that has ended is refused', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  await auth.post('/logout-all', undefined, await auth.gateway.signedIn({ subject: user.id }))
  for (let attempt = 0; attempt < 3; attempt++) {
    const { refreshToken } = tokens
    isProblem(t, await auth.post('/refresh-token', { refreshToken }), { code: 'SESSION_ENDED' })
  }
  t.strictSame(await revokedSids(auth.store), [tokens.session.id], 'and is published once')
})
