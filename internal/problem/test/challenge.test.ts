import { bearerChallenge } from '@gatehouse/problem/challenge'
import t from 'tap'

t.test(
  'the challenge to a request without a credential has no error (RFC 6750 §3.1)',
  async (t) => {
    t.strictSame(bearerChallenge(), { 'www-authenticate': 'Bearer realm="gatehouse"' })
  }
)

t.test('a challenge has its parameters, quoted and separated', async (t) => {
  const invalid = bearerChallenge({ error: 'invalid_token', description: 'the token has expired' })
  t.equal(
    invalid['www-authenticate'],
    'Bearer realm="gatehouse", error="invalid_token", error_description="the token has expired"'
  )
  const scope = bearerChallenge({ error: 'insufficient_scope', scope: 'orders:read orders:write' })
  t.equal(
    scope['www-authenticate'],
    'Bearer realm="gatehouse", error="insufficient_scope", scope="orders:read orders:write"'
  )
})
