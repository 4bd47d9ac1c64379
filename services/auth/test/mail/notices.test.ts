import t from 'tap'
import {
  authService,
  email,
  OPS_TOKEN,
  password,
  signedIn,
  used
} from '../fixtures/auth-service.ts'
import { memoryTransport, tokenOf } from '../fixtures/mail/mail-instance.ts'
import { isProblem } from '../fixtures/problem.ts'

const headers = { authorization: `Bearer ${OPS_TOKEN}`, host: 'auth.internal' }

t.test('a user is notified once of a session that ended by a reused token', async (t) => {
  const transport = memoryTransport()
  const auth = await authService(t, { mail: { transport } })
  const { tokens } = await signedIn(auth)
  const { refreshToken } = tokens
  const next = await auth.post('/refresh-token', { refreshToken })
  await used(auth, next.json().accessToken)
  auth.clock.advance(60_000)
  for (let turn = 0; turn < 3; turn += 1) await auth.post('/refresh-token', { refreshToken })
  await auth.mail.deliverer.idle()
  t.match(transport.sent, [{ letter: 'refresh-reused', to: email }])
  t.equal(transport.sent.length, 1)
})

t.test('a user is notified of a password that an operator has set', async (t) => {
  const transport = memoryTransport()
  const auth = await authService(t, { mail: { transport } })
  const { user } = await signedIn(auth)
  await auth.ops.inject({
    method: 'PUT',
    url: `/ops/users/${user.id}/password`,
    payload: { password: 'of the operator' },
    headers
  })
  await auth.mail.deliverer.idle()
  t.match(transport.sent, [{ letter: 'password-changed', to: email }])
})

t.test('an invitation is sent to its address, which registers with it', async (t) => {
  const transport = memoryTransport()
  const auth = await authService(t, { mail: { transport }, registration: 'invite' })
  const invite = (payload: object) =>
    auth.ops.inject({ method: 'POST', url: '/ops/invitations', payload, headers })
  isProblem(t, await invite({ send: true }), {
    code: 'INVALID_REQUEST',
    detail: 'body/send needs email'
  })
  t.equal((await invite({ email, send: true })).statusCode, 201)
  t.equal((await invite({ email })).statusCode, 201)
  await auth.mail.deliverer.idle()
  t.match(transport.sent, [{ letter: 'invitation', to: email }])
  t.equal(transport.sent.length, 1)
  const invitation = tokenOf(transport.sent[0] ?? { link: 'x:' })
  const answer = await auth.post('/register', { email, password, invitation })
  t.equal(answer.statusCode, 201)
})

t.test('a user is notified of a login with a new device from a new network', async (t) => {
  const transport = memoryTransport()
  const auth = await authService(t, { mail: { transport } })
  const from = (address: string) => ({
    ...auth.gateway.from(address),
    'user-agent': 'curl/8.0',
    'accept-language': 'es'
  })
  await auth.post('/register', { email, password })
  const signIn = (address: string, chosen = password) =>
    auth.post('/login', { email, password: chosen }, from(address))
  await signIn('192.0.2.1')
  auth.clock.advance(3_601_000)
  await signIn('192.0.2.1')
  await signIn('198.51.100.7', 'not the password')
  await auth.mail.deliverer.idle()
  t.strictSame(transport.sent, [], 'nothing new')
  t.equal((await signIn('198.51.100.7')).statusCode, 200)
  await signIn('198.51.100.7')
  await auth.mail.deliverer.idle()
  t.match(transport.sent, [{ letter: 'new-device', to: email, language: 'es', text: /curl/ }])
  t.equal(transport.sent.length, 1, 'once')
})
