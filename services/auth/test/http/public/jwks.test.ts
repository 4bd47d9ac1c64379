import { sql } from 'kysely'
import t from 'tap'
import { generateSigningKey } from '../../../src/keys/signing-key.ts'
import { authService } from '../../fixtures/auth-service.ts'

t.test('the key set is public, and may be cached for five minutes', async (t) => {
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

t.test('the key set has a key that another instance has just created', async (t) => {
  const { get, signing } = await authService(t)
  const made = await generateSigningKey('EdDSA', 'standby')
  await signing.store.insert(made, 0)
  const { keys } = (await get('/.well-known/jwks.json')).json() as { keys: { kid: string }[] }
  t.ok(keys.some(({ kid }) => kid === made.kid))
})

t.test('without its database, the service publishes the keys in memory', async (t) => {
  const { get, database, signingKeys, clock } = await authService(t)
  t.notOk('age' in (await get('/.well-known/jwks.json')).headers, 'they were read just now')
  await sql`alter table signing_keys rename to taken_away`.execute(database)
  clock.advance(6500)
  const answer = await get('/.well-known/jwks.json')
  t.equal(answer.headers.age, '7', 'and says how old they are')
  t.strictSame(answer.json(), { keys: signingKeys.map(({ publicJwk }) => publicJwk) })
})
