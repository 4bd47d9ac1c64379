import t from 'tap'
import { authService, signedIn } from '../../fixtures/auth-service.ts'
import { isProblem } from '../../fixtures/problem.ts'
import { headersOf, withFactor } from '../../fixtures/second-factor.ts'

t.test('changes of second factors are limited per account', async (t) => {
  const auth = await authService(t)
  const { headers } = await withFactor(auth)
  const stranger = await signedIn(auth, 'eve@example.com')
  const renew = () => auth.post('/factors/recovery-codes', undefined, headers)
  const statuses: number[] = []
  for (let count = 0; count < 20; count += 1) statuses.push((await renew()).statusCode)
  t.strictSame(statuses, [...Array(19).fill(200), 429], 'one was the factor')
  const add = { type: 'totp' }
  isProblem(t, await auth.post('/factors', add, headers), { code: 'RATE_LIMITED' })
  const others = await headersOf(auth, stranger.user, stranger.tokens)
  t.equal((await auth.post('/factors', add, others)).statusCode, 201, 'not those of others')
  auth.clock.advance(60_000)
  t.equal((await renew()).statusCode, 200, 'a minute later')
})
