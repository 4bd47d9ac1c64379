import { EventEmitter, once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { forwardedHeader, gatewayHeader } from '@gatehouse/edge-headers/names'
import { closed } from '@gatehouse/fixtures/closed'
import t, { type Test } from 'tap'
import {
  type AuthUnderTest,
  audited,
  authService,
  email,
  login,
  password,
  registered,
  signedIn
} from '../../fixtures/auth-service.ts'
import { gateway } from '../../fixtures/gateway.ts'

const claimed = (address: string) => ({ [forwardedHeader.for]: address })

t.test(
  'a peer that is not a gateway counts under its own address, whatever it sends or replays',
  async (t) => {
    const auth = await authService(t, { credentialsPerMinute: 20 })
    const impostor = await gateway(t)
    const statuses = []
    for (let n = 0; n < 30; n++) {
      const proof = { [gatewayHeader]: n % 2 === 0 ? 'a.b.c' : '' }
      const headers = { ...claimed(`198.51.100.${n}`), ...(n % 3 === 0 ? proof : {}) }
      const body = { email: `user-${n}@example.com`, password }
      statuses.push((await auth.post('/login', body, headers)).statusCode)
    }
    t.strictSame(statuses, [...Array(20).fill(401), ...Array(10).fill(429)])
    const forged = impostor.from('198.51.100.99')
    t.equal((await auth.post('/login', { email, password }, forged)).statusCode, 429)
    const replayed = await auth.gateway.throughService('billing', '198.51.100.98')
    t.equal((await auth.post('/login', { email, password }, replayed)).statusCode, 429)
    const proven = auth.gateway.from('198.51.100.99')
    t.equal((await auth.post('/login', { email, password }, proven)).statusCode, 401)
  }
)

t.test('guesses cannot be counted for the network of the owner', async (t) => {
  const auth = await authService(t)
  await registered(auth)
  const at = (headers: Record<string, string>, text = password) =>
    auth.post('/login', { email, password: text }, headers)
  const owner = auth.gateway.from('192.0.2.1')
  t.equal((await at(owner)).statusCode, 200)
  for (let n = 0; n < 20; n++) await at(claimed('192.0.2.1'), `guess ${n}`)
  t.equal((await at(claimed('192.0.2.1'))).statusCode, 429)
  t.equal((await at(owner)).statusCode, 200)
})

t.test('the audit log has the address that a gateway reports, or the peer’s own', async (t) => {
  const auth = await authService(t)
  const { user, tokens } = await signedIn(auth)
  const address = async () => (await audited(auth)).at(-1)?.address
  t.equal(await address(), '127.0.0.1')
  await auth.post('/login', { email, password: 'wrong password' }, claimed('192.0.2.1'))
  t.equal(await address(), '127.0.0.1')
  await auth.post(
    '/login',
    { email, password: 'wrong password' },
    auth.gateway.from('192.0.2.1, 10.0.0.1')
  )
  t.equal(await address(), '192.0.2.1')
  const caller = { subject: user.id, session: tokens.session.id }
  const headers = { ...(await auth.gateway.signedIn(caller)), ...claimed('192.0.2.2') }
  t.equal((await auth.post('/logout-all', undefined, headers)).statusCode, 204)
  t.equal(await address(), '192.0.2.2', 'an assertion is a proof too')
  await login(auth)
})

t.test(
  'a peer that has reset its connection, and so has no address, changes nothing',
  async (t) => {
    const auth = await authService(t)
    const sent = new EventEmitter()
    auth.service.addHook('onSend', async (_request, { statusCode }) => {
      sent.emit('status', statusCode)
    })
    const [[status]] = await Promise.all([once(sent, 'status'), loginAndReset(t, auth)])
    t.equal(status, 400)
    t.strictSame(await audited(auth), [])
  }
)

/** Gives the service a connection whose peer has sent a login and then reset the connection. */
async function loginAndReset(t: Test, { service }: AuthUnderTest) {
  await service.ready()
  const listener = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  t.teardown(() => listener.close())
  await once(listener, 'listening')
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(listener, 'connection')) as [Socket]
  const body = JSON.stringify({ email, password })
  const headers = `host: auth\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n`
  client.write(`POST /login HTTP/1.1\r\n${headers}\r\n${body}`)
  client.resetAndDestroy()
  await closed(client)
  service.server.emit('connection', accepted)
  accepted.resume()
}
