import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import { refreshLimit } from '../../../src/sessions/refresh/refresh-limit.ts'
import { REFRESHES_PER_MINUTE } from '../../fixtures/auth-config.ts'
import { authService, login, signedIn } from '../../fixtures/auth-service.ts'
import { isProblem } from '../../fixtures/problem.ts'

t.test('the refreshes of a family are limited per minute', async (t) => {
  const clock = testClock()
  const { take } = refreshLimit({ perMinute: 2, monotonicClock: clock })

  t.strictSame([take('a'), take('a'), take('b')], [null, null, null], 'each family by itself')
  clock.advance(15_000)
  t.equal(take('a'), 45, 'over it: the seconds to wait')
  clock.advance(45_000)
  t.equal(take('a'), null)
})

t.test('a session over its limit must wait, and loses nothing', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const other = await login(auth)
  const refresh = (refreshToken: string) => auth.post('/refresh-token', { refreshToken })
  let token = tokens.refreshToken
  for (let turn = 0; turn < REFRESHES_PER_MINUTE; turn += 1) {
    token = (await refresh(token)).json().refreshToken
  }

  const over = await refresh(token)

  isProblem(t, over, { code: 'RATE_LIMITED' })
  t.equal(over.headers['retry-after'], '60')
  t.equal(
    (await refresh(other.refreshToken)).statusCode,
    200,
    'another session of the user continues'
  )
  auth.clock.advance(60_000)
  t.equal((await refresh(token)).statusCode, 200, 'a minute later the same token works')
})

t.test('a garbled token counts against no session', async (t) => {
  const auth = await authService(t)
  const { tokens } = await signedIn(auth)
  const garbled = `${tokens.refreshToken.slice(0, -1)}_`
  for (let turn = 0; turn <= REFRESHES_PER_MINUTE; turn += 1) {
    await auth.post('/refresh-token', { refreshToken: garbled })
  }
  const { refreshToken } = tokens
  t.equal((await auth.post('/refresh-token', { refreshToken })).statusCode, 200)
})
