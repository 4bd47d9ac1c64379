import t from 'tap'
import {
  authService,
  browserHeaders,
  login,
  signedIn,
  signedInBrowser
} from '../../../fixtures/auth-service.ts'
import { refusesBodies, unreadable } from '../../../fixtures/bad-bodies.ts'
import { revokedSids } from '../../../fixtures/families/stores.ts'
import { isProblem } from '../../../fixtures/problem.ts'

t.test('a logout ends its session, and no other', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const other = await login(auth)

  const answer = await auth.post('/logout', { refreshToken: tokens.refreshToken })

  t.equal(answer.statusCode, 204)
  t.equal(answer.body, '')
  t.strictSame(await revokedSids(auth.store), [tokens.session.id], 'the gateways are told')
  const refresh = (refreshToken: string) => auth.post('/refresh-token', { refreshToken })
  isProblem(t, await refresh(tokens.refreshToken), { code: 'SESSION_ENDED' })
  t.equal((await refresh(other.refreshToken)).statusCode, 200, 'the other session continues')
})

t.test('a logout by cookie clears the cookie', async (t) => {
  const auth = await authService(t)
  const { headers } = await signedInBrowser(auth)
  const answer = await auth.post('/logout', undefined, headers)
  t.equal(answer.statusCode, 204)
  t.match(answer.cookies, [{ name: '__Host-refresh', value: '', path: '/', expires: new Date(0) }])
  isProblem(t, await auth.post('/refresh-token', undefined, headers), { code: 'SESSION_ENDED' })
})

t.test('any refresh token of a session ends it, even a spent one', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const { refreshToken } = tokens
  const successor = (await auth.post('/refresh-token', { refreshToken })).json().refreshToken
  await auth.post('/logout', { refreshToken })
  const answer = await auth.post('/refresh-token', { refreshToken: successor })
  isProblem(t, answer, { code: 'SESSION_ENDED' })
})

t.test('a second logout gets 204', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const { refreshToken } = tokens
  for (const time of ['once', 'twice']) {
    t.equal((await auth.post('/logout', { refreshToken })).statusCode, 204, time)
  }
  t.equal((await auth.post('/logout', { refreshToken: 'unknown' })).statusCode, 204, 'unknown')
  t.equal((await revokedSids(auth.store)).length, 1, 'and is published once')
})

t.test('a logout with a cookie that is not ours gets 204, and does not clear it', async (t) => {
  const auth = await authService(t)
  const answer = await auth.post('/logout', undefined, browserHeaders('garbled'))
  t.equal(answer.statusCode, 204)
  t.notOk(answer.headers['set-cookie'])
})

t.test('a logout without a token is refused', async (t) => {
  const { post } = await authService(t)
  isProblem(t, await post('/logout'), {
    code: 'UNAUTHENTICATED',
    detail: 'neither the body nor a cookie has a refresh token'
  })
})

t.test('an invalid body is refused in the documented form', async (t) => {
  const auth = await authService(t)
  await refusesBodies(t, auth, '/logout', {
    ...unreadable({ refreshToken: 'canary-5c1f' }),
    number: { body: { refreshToken: 7 }, detail: 'body/refreshToken must be string' }
  })
})
