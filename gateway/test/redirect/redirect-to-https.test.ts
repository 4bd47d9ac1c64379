import { once } from 'node:events'
import { connect } from 'node:net'
import { closed } from '@gatehouse/fixtures/closed'
import { serviceLog } from '@gatehouse/http-service/service-log'
import t from 'tap'
import { trustedProxies } from '../../src/proxies/trusted-proxies.ts'
import { openRedirect, redirectFaults } from '../../src/redirect/open-redirect.ts'
import { redirectToHttps } from '../../src/redirect/redirect-to-https.ts'
import { capturedLog } from '../fixtures/captured-log.ts'
import { sendBytes } from '../fixtures/raw-client.ts'

const TOKEN_ISSUER = 'https://api.example.com:8443'
const proxies = {
  proxyProtocol: 'optional',
  isTrustedProxy: trustedProxies(['127.0.0.1'])
} as const
/** The settings that all listeners here share. */
const common = {
  times: { idleMs: 60_000, closeMs: 1000 },
  proxies,
  limits: { connections: 100, connectionsPerAddress: 100 },
  monotonicClock: () => performance.now()
}
const settings = { GATEWAY_HOST: '127.0.0.1', GATEWAY_HTTP_REDIRECT_PORT: 0, TOKEN_ISSUER }

t.test('plain HTTP is sent to the same path of the public origin', async (t) => {
  const log = serviceLog('gateway', 'silent')
  const redirect = await openRedirect(settings, { ...common, log })
  t.teardown(() => redirect?.close())
  const port = Number(new URL(redirect?.url ?? '').port)
  const ask = (first: string, host: string, more = '') =>
    sendBytes(port, `${first} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`)

  const moved = await ask('GET /orders?since=1', 'api.example.com')
  t.match(moved, /^HTTP\/1\.1 308 /)
  t.match(moved, /^location: https:\/\/api\.example\.com:8443\/orders\?since=1\r$/im)
  t.match(moved, /^connection: close\r$/im)
  t.match(await ask('GET /', 'API.example.com:8080'), /^HTTP\/1\.1 308 /, 'whatever the port')
  t.match(await ask('GET /', 'api.example.com.'), /^HTTP\/1\.1 308 /, 'a fully qualified name')
  const proxied = await ask('PROXY UNKNOWN\r\nGET /', 'api.example.com')
  t.match(proxied, /^HTTP\/1\.1 308 /, 'behind a proxy that forwards bytes')
  const post = await ask('POST /auth/login', 'api.example.com', 'Content-Length: 9\r\n')
  t.match(post, /^HTTP\/1\.1 308 /, 'a body is not waited for')
  const slashes = await ask('GET //evil.example/', 'api.example.com')
  t.match(slashes, /^location: https:\/\/api\.example\.com:8443\/\/evil\.example\/\r$/im)

  for (const [first, host] of [
    ['GET /', 'evil.example'],
    ['GET /', 'api.example.com.evil.example'],
    ['GET http://evil.example/', 'api.example.com'],
    ['OPTIONS *', 'api.example.com']
  ] as const) {
    const refused = await ask(first, host)
    t.match(refused, /^HTTP\/1\.1 400 [\s\S]*"code":"INVALID_REQUEST"/, `${first} ${host}`)
    t.notMatch(refused, /^location:/im)
  }
})

t.test('the limit of connections per address is that of the main listener', async (t) => {
  const log = serviceLog('gateway', 'silent')
  const few = { connections: 100, connectionsPerAddress: 2 }
  const direct = { ...proxies, proxyProtocol: 'off', isTrustedProxy: () => false } as const
  const options = { ...common, log, proxies: direct, limits: few }
  const redirect = await openRedirect(settings, options)
  t.teardown(() => redirect?.close())
  const port = Number(new URL(redirect?.url ?? '').port)
  const idle = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  t.teardown(() => {
    for (const socket of idle) socket.destroy()
  })
  await Promise.all(idle.map((socket) => once(socket, 'connect')))
  await closed(connect(port, '127.0.0.1').resume())
  t.notOk(idle.some(({ destroyed }) => destroyed))
})

t.test('nothing of a request over plain HTTP is logged', async (t) => {
  const { log, text } = capturedLog(t)
  const service = redirectToHttps({ ...common, log, publicOrigin: TOKEN_ISSUER })
  const url = '/orders/a-secret-path?token=a-secret'
  t.equal((await service.inject({ url, headers: { host: 'evil.example' } })).statusCode, 400)
  t.equal((await service.inject({ url, headers: { host: 'api.example.com' } })).statusCode, 308)
  t.notMatch(text(), 'secret')
})

t.test('there is a redirect only if it is set, and only to https', async (t) => {
  const log = serviceLog('gateway', 'silent')
  const { GATEWAY_HTTP_REDIRECT_PORT: _, ...unset } = settings
  t.equal(await openRedirect(unset, { ...common, log }), null)
  t.strictSame(redirectFaults(settings), [])
  t.strictSame(redirectFaults({ ...unset, TOKEN_ISSUER: 'http://localhost:3000' }), [])
  t.match(redirectFaults({ ...settings, TOKEN_ISSUER: 'http://localhost:3000' }), [/https:/])
})
