import t from 'tap'
import { authService, email, password, registered } from '../../fixtures/auth-service.ts'
import { isProblem } from '../../fixtures/problem.ts'

t.test('in a known network, guesses of strangers elsewhere do not slow the owner', async (t) => {
  const auth = await authService(t)
  await registered(auth)
  const login = (address: string, text = password) =>
    auth.post('/login', { email, password: text }, auth.gateway.from(address))
  t.equal((await login('192.0.2.1')).statusCode, 200)
  for (let guess = 0; guess < 20; guess++) await login('203.0.113.1', `guess ${guess}`)
  t.equal((await login('203.0.113.1')).statusCode, 429)
  t.equal((await login('192.0.2.1')).statusCode, 200)
})

t.test('an unknown e-mail address is slowed like a known one', async (t) => {
  const auth = await authService(t)
  await registered(auth)
  const statusesOf = async (who: string) => {
    const statuses: number[] = []
    for (let guess = 0; guess < 10; guess++) {
      statuses.push(
        (await auth.post('/login', { email: who, password: `guess ${guess}` })).statusCode
      )
    }
    return statuses
  }
  t.strictSame(await statusesOf('nobody@example.com'), await statusesOf(email))
})

t.test('guessing one password for a thousand accounts is limited by address', async (t) => {
  const auth = await authService(t, { credentialsPerMinute: 20 })
  const spray = (index: number, address: string) =>
    auth.post(
      '/login',
      { email: `user-${index}@example.com`, password },
      auth.gateway.from(address)
    )
  const statuses: number[] = []
  for (let index = 0; index < 30; index++) {
    // The network of one customer counts as one caller.
    statuses.push((await spray(index, `2001:db8:1:2::${index}`)).statusCode)
  }
  t.strictSame(statuses, [...Array(20).fill(401), ...Array(10).fill(429)])
  t.equal((await spray(40, '2001:db8:1:3::1')).statusCode, 401, 'another network is not slowed')
  const refused = await spray(41, '2001:db8:1:2::1')
  isProblem(t, refused, { code: 'RATE_LIMITED' })
  t.ok(Number(refused.headers['retry-after']) > 0)
})

t.test(
  'no spelling of a path, and no other route, gets around the limit of an address',
  async (t) => {
    const auth = await authService(t, { credentialsPerMinute: 3 })
    await registered(auth)
    const { id } = await registered(auth, 'eve@example.com')
    t.equal((await auth.post('/login', { email, password: 'wrong' })).statusCode, 401)
    const spellings = [
      '/login',
      '/login?',
      '/login?x=1',
      '/login#x',
      '/login/',
      '//login',
      '/./login',
      '/x/../login',
      '/LOGIN',
      '/%6cogin',
      '/%6Cogin',
      '/login;x=1',
      '/login%3Fx',
      '/login%20',
      '/auth/login',
      'http://127.0.0.1/login'
    ]
    for (const path of spellings) {
      const { statusCode } = await auth.post(path, { email, password })
      t.ok([404, 429].includes(statusCode), `${path}: ${statusCode}`)
    }
    const headers = await auth.gateway.signedIn({ subject: id, session: 'session' })
    const change = { currentPassword: 'wrong', newPassword: 'another long one' }
    t.equal((await auth.post('/password', change, headers)).statusCode, 429)
    t.equal((await auth.post('/register', { email: 'x@example.com', password })).statusCode, 429)
  }
)
