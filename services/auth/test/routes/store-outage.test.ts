import { once } from 'node:events'
import { redisConnection } from '@gatehouse/fixtures/redis-connection'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t from 'tap'
import { authService, email, password, signedInBrowser } from '../fixtures/auth-service.ts'
import { isProblem } from '../fixtures/problem.ts'
import { clockFromNow, policy, redisStore } from '../fixtures/stores.ts'

t.test('an outage of the store signs nobody out', { skip: redisMissing }, async (t) => {
  const { url, kill, start } = await redisServer(t)
  const connection = await redisConnection(t, url)
  const clock = clockFromNow()
  const { families } = redisStore(connection, { policy, clock })
  const auth = await authService(t, { clock, families: () => families })
  const { token, headers } = await signedInBrowser(auth)

  await kill()

  const refused = {
    'a refresh by cookie': await auth.post('/refresh-token', undefined, headers),
    'a refresh': await auth.post('/refresh-token', { refreshToken: token }),
    'a logout': await auth.post('/logout', undefined, headers),
    'a login': await auth.post('/login', { email, password })
  }
  for (const [title, answer] of Object.entries(refused)) {
    isProblem(t, answer, { code: 'UNAVAILABLE' }, title)
    t.equal(answer.headers['retry-after'], '1', `${title}: try again`)
    t.notOk(answer.headers['set-cookie'], `${title}: the cookie stays`)
  }
  const garbled = await auth.post('/refresh-token', { refreshToken: 'garbled' })
  isProblem(t, garbled, { code: 'UNAUTHENTICATED' }, 'a garbled token needs no store')
  t.equal((await auth.get('/.well-known/jwks.json')).statusCode, 200, 'tokens go on being verified')

  await start()
  if (connection.status !== 'ready') await once(connection, 'ready')
  const back = await auth.post('/refresh-token', undefined, headers)
  t.equal(back.statusCode, 200, 'nothing is lost')
})
