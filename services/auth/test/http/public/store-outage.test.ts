import { endsInTime } from '@gatehouse/fixtures/ends-in-time'
import { faults } from '@gatehouse/fixtures/faults'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import {
  authService,
  email,
  login,
  password,
  signedInBrowser
} from '../../fixtures/auth-service.ts'
import { clockFromNow, policy, redisStore, revokedSids } from '../../fixtures/families/stores.ts'
import { isProblem } from '../../fixtures/problem.ts'

t.test('an outage of the session store signs no user out', { skip: redisMissing }, async (t) => {
  const { url, kill, start } = await redisServer(t)
  const connection = await redisConnection(t, url)
  const clock = clockFromNow()
  const store = redisStore(connection, { policy, clock })
  const auth = await authService(t, { clock, families: () => store.families.store })
  const { user, token, headers, answer: signedIn } = await signedInBrowser(auth)
  const session = signedIn.json().session.id
  const [leaving, other] = [await login(auth), await login(auth)]

  await kill()

  const refused = {
    'a refresh by cookie': await auth.post('/refresh-token', undefined, headers),
    'a refresh': await auth.post('/refresh-token', { refreshToken: token }),
    'a logout': await auth.post('/logout', { refreshToken: leaving.refreshToken }),
    'a login': await auth.post('/login', { email, password })
  }
  for (const [title, answer] of Object.entries(refused)) {
    isProblem(t, answer, { code: 'UNAVAILABLE' }, title)
    t.strictSame([answer.statusCode], faults.redisAway.statuses, title)
    t.equal(answer.headers['retry-after'], '1', `${title}: try again`)
    t.notOk(answer.headers['set-cookie'], `${title}: the cookie stays`)
  }
  // The change is in the database, so the response must not be a 503: a repeated request would be
  // judged by the new password.
  const newPassword = 'another horse altogether'
  const changed = await auth.post(
    '/password',
    { currentPassword: password, newPassword },
    await auth.gateway.signedIn({ subject: user.id, session })
  )
  t.equal(changed.statusCode, 204, 'a change of the password is made')
  const otherRefresh = () => auth.post('/refresh-token', { refreshToken: other.refreshToken })
  isProblem(t, await otherRefresh(), { code: 'SESSION_ENDED' }, 'and the other sessions have ended')
  t.equal((await auth.post('/login', { email, password })).statusCode, 401, 'not the old password')

  const garbled = await auth.post('/refresh-token', { refreshToken: 'garbled' })
  isProblem(t, garbled, { code: 'UNAUTHENTICATED' }, 'a garbled token needs no store')
  t.equal((await auth.get('/.well-known/jwks.json')).statusCode, 200, 'tokens are still verified')

  await start()
  const refresh = () => auth.post('/refresh-token', undefined, headers)
  const back = await endsInTime(
    t,
    faults.redisAway,
    refresh,
    ({ statusCode }) => statusCode !== 503
  )
  const lostSessions = back.statusCode === 200 ? 0 : 1
  t.equal(lostSessions, faults.redisAway.lost, 'nothing is lost')
  const { refreshToken } = leaving
  const left = await auth.post('/refresh-token', { refreshToken })
  isProblem(t, left, { code: 'SESSION_ENDED' }, 'a logout that was asked for holds')
  auth.clock.advance(3000)
  await auth.state.ends.settle()
  const revoked = await revokedSids(store)
  for (const { session } of [leaving, other]) {
    t.ok(revoked.includes(session.id), 'and gateways hear of it')
  }
  const again = await auth.post('/login', { email, password: newPassword })
  t.equal(again.statusCode, 200, 'the new password counts')
})
