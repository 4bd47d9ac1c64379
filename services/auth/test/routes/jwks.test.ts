import t from 'tap'
import { authService } from '../fixtures/auth-service.ts'

t.test('the key set is public, and may be kept for five minutes', async (t) => {
  const { get, signingKeys } = await authService(t)
  const answer = await get('/.well-known/jwks.json')
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['cache-control'], 'max-age=300')
  t.match(answer.headers['content-type'], /^application\/jwk-set\+json\b/)
  t.strictSame(answer.json(), { keys: signingKeys.map(({ publicJwk }) => publicJwk) })
})

t.test('the key set has no private part', async (t) => {
  const { get, signingKeys } = await authService(t)
  const { body } = await get('/.well-known/jwks.json')
  for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) t.notMatch(body, `"${member}":`)
  t.notMatch(body, signingKeys[0]?.privatePem.split('\n')[1] ?? '?')
})
