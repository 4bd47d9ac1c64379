import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { authority } from '@gatehouse/fixtures/certificates'
import { eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { serviceProcess } from '@gatehouse/fixtures/service-process'
import t, { type Test } from 'tap'
import { startGateway } from '../src/start.ts'
import { configured, embedded, read, settings } from './fixtures/configured.ts'
import { egressProxy } from './fixtures/egress-proxy.ts'
import { issuer, newKey } from './fixtures/issuer.ts'
import { revocationLog } from './fixtures/revocation-log.ts'

/** A port at which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  await once(server.close(), 'close')
  return port
}

t.test('a gateway answers proxies on a port of its own, until it closes', async (t) => {
  const port = await freePort()
  const verify = { GATEWAY_VERIFY_PORT: String(port), GATEWAY_TRUSTED_PROXIES: '127.0.0.1' }
  const jwks = { GATEWAY_JWKS_URL: (await issuer(t, [newKey()])).url }
  const gateway = await startGateway(
    configured(t, { ...jwks, ...verify }),
    embedded(revocationLog())
  )
  t.teardown(() => gateway.close())
  const headers = {
    'x-forwarded-method': 'GET',
    'x-forwarded-uri': '/orders',
    'x-forwarded-host': 'api.example',
    'x-forwarded-proto': 'https',
    'x-forwarded-for': '198.51.100.7'
  }
  const ask = () => fetch(`http://127.0.0.1:${port}/verify`, { headers })
  const answer = await ask()
  t.equal(answer.status, 401)
  t.match(await answer.json(), { code: 'UNAUTHENTICATED' })
  t.equal((await read(`${gateway.url}/verify`)).status, 404, 'not on the public port')
  const taken = configured(t, { ...jwks, ...verify })
  await t.rejects(startGateway(taken, embedded(revocationLog())), {
    message: /GATEWAY_VERIFY_PORT/
  })
  await gateway.close()
  await t.rejects(ask(), { cause: { code: 'ECONNREFUSED' } })
})

t.test(
  'a gateway publishes its own keys, health and figures on its ops listener alone',
  async (t) => {
    const gateway = await startGateway(
      settings(t, (await issuer(t, [newKey()])).url),
      embedded(revocationLog())
    )
    t.teardown(() => gateway.close())

    t.equal((await read(`${gateway.opsUrl}/healthz`)).status, 200)
    t.match(JSON.parse((await read(`${gateway.opsUrl}/readyz`)).text), {
      status: 'ready',
      failing: {}
    })
    const keys = JSON.parse((await read(`${gateway.opsUrl}/.well-known/gateway-jwks.json`)).text)
    t.match(keys, { keys: [{ kty: 'EC', alg: 'ES256', kid: String }] })
    t.notOk('d' in keys.keys[0], 'the public half')
    const { text } = await read(`${gateway.opsUrl}/metrics`)
    t.match(text, /^gateway_guarded_faults_total\{place="answer"\} 0$/m)
    t.match(text, /^gateway_revocation_staleness_seconds \d/m)
    t.match(text, /^gateway_connections_limit 20000$/m)
    const documented = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
    for (const [, name = ''] of text.matchAll(/^# HELP (gateway_\S+)/gm)) {
      t.match(documented, `\`${name}\``, 'docs/metrics.md has it')
    }
    t.match(text, /^nodejs_eventloop_lag_seconds \d/m)

    for (const path of ['/healthz', '/readyz', '/metrics', '/.well-known/gateway-jwks.json']) {
      t.equal((await read(`${gateway.url}${path}`)).status, 404, `${path} is not public`)
    }
  }
)

/**
 * An issuer on the internet, and the settings of a gateway that can reach it only through a proxy.
 */
async function issuerBehindProxy(t: Test) {
  const certificates = await authority(t)
  const files = await certificates.issue('sso.example')
  const set = JSON.stringify({ keys: [newKey().jwk] })
  const server = createSecureServer(
    { cert: readFileSync(files.cert), key: readFileSync(files.key) },
    (_request, response) => response.end(set)
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const proxy = await egressProxy(t, { 'sso.example:443': port })
  const file = join(dataFolder(t), 'issuers.yaml')
  const entry = 'name: sso, issuer: https://sso.example, audience: api'
  writeFileSync(file, `issuers: [{ ${entry}, jwksUrl: https://sso.example/keys }]`)
  const settings = {
    NODE_USE_ENV_PROXY: '1',
    HTTPS_PROXY: proxy.url,
    HTTP_PROXY: proxy.url,
    NO_PROXY: 'localhost',
    NODE_EXTRA_CA_CERTS: certificates.file,
    GATEWAY_ISSUERS_FILE: file
  }
  return { settings, asked: proxy.asked }
}

t.test(
  'on SIGHUP the gateway reads its routes again; only foreign key sets come by the egress proxy',
  async (t) => {
    const upstream = createServer((request, response) => response.end(request.url))
    await once(upstream.listen(0, '127.0.0.1'), 'listening')
    t.teardown(() => upstream.close())
    const address = upstream.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const file = join(dataFolder(t), 'routes.yaml')
    const routes = (prefix: string) => `upstreams: { a: 'http://127.0.0.1:${port}' }
routes: [{ name: route, prefix: ${prefix}, upstream: a, access: public }]
`
    writeFileSync(file, routes('/before'))
    const { settings, asked } = await issuerBehindProxy(t)
    const own = await issuer(t, [newKey()])
    const gateway = await serviceProcess('gateway', {
      GATEWAY_PORT: '0',
      GATEWAY_OPS_PORT: '0',
      GATEWAY_ROUTES: file,
      GATEHOUSE_DATA_DIR: dataFolder(t),
      REDIS_URL: 'redis://127.0.0.1:1',
      ...settings,
      GATEWAY_JWKS_URL: own.url.replace('127.0.0.1', 'localhost')
    })
    t.teardown(() => gateway.stop())
    t.equal((await read(`${gateway.url}/before`)).status, 200)

    writeFileSync(file, 'routes: [')
    process.kill(gateway.pid, 'SIGHUP')
    t.equal(
      (await read(`${gateway.url}/before`)).status,
      200,
      'a table with a fault changes nothing'
    )

    writeFileSync(file, routes('/after'))
    process.kill(gateway.pid, 'SIGHUP')
    const after = await eventually(
      () => read(`${gateway.url}/after`),
      ({ status }) => status === 200,
      10_000
    )
    t.equal(after.text, '/after')
    t.equal((await read(`${gateway.url}/before`)).status, 404)
    const { text } = await read(`${gateway.opsUrl}/metrics`)
    t.match(text, /^gateway_issuer_keys_loaded\{issuer="sso"\} 1$/m, 'through the proxy')
    t.match([...new Set(asked)], ['CONNECT sso.example:443'], 'to which nothing else goes')
    const checks = JSON.parse((await read(`${gateway.opsUrl}/readyz`)).text)
    t.notOk('keys' in checks.failing, 'our own keys come without it, by NO_PROXY')
    t.equal(await gateway.stop(), 0, 'and it drains as ever')
  }
)
