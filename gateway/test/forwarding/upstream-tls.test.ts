import { once } from 'node:events'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { type Authority, authority, type IssuedFiles } from '@gatehouse/fixtures/certificates'
import { eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { readSettings, SettingsFault } from '@gatehouse/settings/read-settings'
import { clientTlsFaults, clientTlsReader, clientTlsSettings } from '@gatehouse/tls/client-settings'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { download, downloadFault } from '../../src/keys/download.ts'
import { liveRouteTable } from '../../src/routes/live-route-table.ts'
import { readRouteTable } from '../../src/routes/load-route-table.ts'
import { readUpstreamTls } from '../../src/routes/upstream-tls.ts'
import { capturedLog } from '../fixtures/captured-log.ts'
import { edge } from '../fixtures/edge.ts'

/** A service with TLS: its address, and the names in the certificates that its clients showed. */
async function secured(t: Test, files: IssuedFiles, clients?: Authority) {
  const names: string[] = []
  const server = createServer(
    {
      cert: readFileSync(files.cert),
      key: readFileSync(files.key),
      ...(clients === undefined ? {} : { requestCert: true, ca: readFileSync(clients.file) })
    },
    ({ socket }, response) => {
      names.push(String((socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'none'))
      response.end('ok')
    }
  )
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => socket.send('ok'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate()
    server.close()
    server.closeAllConnections()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, names }
}

/** A service `one` at this address, and a public route to it. */
const to = (address: string, tls: Record<string, string> = {}, more = '') => ({
  upstreams: `  one: { addresses: ['${address}'], tls: ${JSON.stringify(tls)}${more} }`,
  routes: '  - { name: one, prefix: /one, upstream: one, access: public, websocket: true }\n'
})

/** Two services at the same address, and a route to each. */
function bothAt(address: string, [one, two]: readonly object[], more: string) {
  const entry = (tls?: object) =>
    `{ addresses: ['${address}'], tls: ${JSON.stringify(tls)}${more} }`
  return {
    upstreams: `  one: ${entry(one)}\n  two: ${entry(two)}`,
    routes:
      '  - { name: one, prefix: /one, upstream: one }\n  - { name: two, prefix: /two, upstream: two }\n'
  }
}

t.test('a gateway verifies the certificates of services', async (t) => {
  const own = await authority(t)
  const other = await authority(t, 'another authority')
  const byAddress = await secured(t, await own.issue('service.internal', ['127.0.0.1']))
  const byName = await secured(t, await own.issue('service.internal'))
  const expired = await secured(t, await own.issue('service.internal', ['127.0.0.1'], new Date()))
  const mutual = await secured(t, await own.issue('service.internal', ['127.0.0.1']), own)
  const client = await own.issue('gateway')
  const stranger = await other.issue('stranger')
  const log = capturedLog(t)
  const gateway = await edge(t, { serviceLog: log.log })
  const ca = { caFile: own.file }
  const mine = { certFile: client.cert, keyFile: client.key }
  const theirs = { certFile: stranger.cert, keyFile: stranger.key }

  t.test('the gateway sends requests to a service whose certificate it trusts', async (t) => {
    for (const [title, route] of [
      ['the authority that the route table names', to(byAddress.url, ca)],
      [
        'the name that the route table names',
        to(byName.url, { ...ca, serverName: 'service.internal' })
      ],
      ['with a certificate of its own', to(mutual.url, { ...ca, ...mine })]
    ] as const) {
      gateway.reroute(route)
      const answer = await fetch(`${gateway.url}/one`)
      t.strictSame([answer.status, await answer.text()], [200, 'ok'], title)
      const upload = await fetch(`${gateway.url}/one`, { method: 'POST', body: 'x' })
      t.equal(upload.status, 200, `${title}: an upload`)
      const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/one`)
      const [message] = await once(socket, 'message')
      t.equal(String(message), 'ok', `${title}: a WebSocket`)
      socket.terminate()
    }
    t.match(mutual.names, ['gateway', 'gateway'])
  })

  t.test('an untrusted service gets no request: 502, and the log has the reason', async (t) => {
    const untrusted = [
      ['an unknown authority', to(byAddress.url), /no trusted authority signed.*tls\.caFile/],
      ['another authority', to(byAddress.url, { caFile: other.file }), /no trusted authority/],
      ['another name', to(byName.url, ca), /is for another name.*tls\.serverName/],
      ['an expired certificate', to(expired.url, ca), /has expired/]
    ] as const
    const asked = [byAddress, byName, expired].map(({ names }) => names.length)
    for (const [title, route, reason] of untrusted) {
      gateway.reroute(route)
      const before = log.lines().length
      const answer = await fetch(`${gateway.url}/one`)
      t.equal(answer.status, 502, title)
      t.match(await answer.json(), { code: 'UPSTREAM_UNAVAILABLE' }, title)
      t.match(log.lines().slice(before), [{ msg: 'failed', reason }], title)
      const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/one`)
      const [, refused] = await once(socket, 'unexpected-response')
      t.equal(refused.statusCode, 502, `${title}: a WebSocket`)
      socket.on('error', () => {}).terminate()
    }
    t.strictSame(
      [byAddress, byName, expired].map(({ names }) => names.length),
      asked,
      'no request'
    )
  })

  t.test('a service that wants a certificate gets no request without one', async (t) => {
    const asked = mutual.names.length
    for (const tls of [ca, { ...ca, ...theirs }]) {
      gateway.reroute(to(mutual.url, tls))
      t.equal((await fetch(`${gateway.url}/one`)).status, 502)
    }
    t.equal(mutual.names.length, asked)
  })

  t.test('a port without TLS is 502 with a reason of its own', async (t) => {
    const before = log.lines().length
    gateway.reroute(to(gateway.upstream.url.replace('http:', 'https:'), ca))
    t.equal((await fetch(`${gateway.url}/one`)).status, 502)
    t.match(log.lines().slice(before), [
      { reason: /check that its port takes TLS, and tls\.certFile/ }
    ])
  })

  t.test('connections that another entry secured are not used', async (t) => {
    gateway.reroute(to(byAddress.url, ca))
    t.equal((await fetch(`${gateway.url}/one`)).status, 200, 'leaves an idle connection')
    gateway.reroute(to(byAddress.url, { caFile: other.file }))
    t.equal((await fetch(`${gateway.url}/one`)).status, 502)
  })

  t.test('health checks verify them as well', async (t) => {
    const health = ', health: { path: /healthz, intervalSeconds: 0.05, unhealthyAfter: 1 }'
    const changes = () => log.lines().filter(({ msg }) => /^the health of/.test(String(msg)))
    gateway.reroute(to(byAddress.url, { caFile: other.file }, health))
    const lastChange = async () => changes().at(-1)
    const refused = await eventually(lastChange, (change) => change !== undefined)
    t.match(refused, { healthy: false, address: byAddress.url })
    gateway.reroute(to(byAddress.url, ca, health))
    const asked = byAddress.names.length
    const checks = await eventually(
      async () => byAddress.names.length,
      (count) => count > asked
    )
    t.ok(checks > asked, 'the service is asked')
    t.match(await lastChange(), { healthy: true })
    gateway.reroute(bothAt(byAddress.url, [ca, { caFile: other.file }], health))
    t.match(await eventually(lastChange, (change) => change?.healthy === false), { healthy: false })
    const afterwards = byAddress.names.length
    const both = await eventually(
      async () => byAddress.names.length,
      (count) => count > afterwards + 2
    )
    t.ok(both > afterwards + 2, 'the other service at this address is asked as well')
  })
})

t.test('faults of the files are told with the service and the member', async (t) => {
  const folder = dataFolder(t)
  const own = await authority(t)
  const [one, two] = [await own.issue('one'), await own.issue('two')]
  const text = join(folder, 'text')
  writeFileSync(text, 'not a certificate')
  const read = (tls: object, address = 'https://one') => {
    const { upstreams } = to(address, { ...tls })
    const yaml = `upstreams:\n${upstreams}\nroutes:\n  - { name: one, prefix: /, upstream: one }\n`
    try {
      return readRouteTable(yaml, {}).files
    } catch (error) {
      if (error instanceof SettingsFault) return error.faults.join()
      throw error
    }
  }
  t.strictSame(read({ caFile: own.file, certFile: one.cert, keyFile: one.key }), [
    own.file,
    one.cert,
    one.key
  ])
  for (const [tls, fault] of [
    [{ caFile: '/nowhere' }, /upstream one: tls\.caFile: cannot read \/nowhere: no such file/],
    [{ caFile: folder }, /tls\.caFile: cannot read .*: it is a folder/],
    [{ caFile: text }, /tls\.caFile: .*text is not a certificate in PEM/],
    [{ certFile: one.cert }, /tls\.certFile and tls\.keyFile must be set together/],
    [
      { certFile: one.cert, keyFile: two.key },
      /tls\.keyFile: .* is not the key of the certificate/
    ],
    [{ certFile: text, keyFile: one.key }, /tls\.certFile: .*text is not a certificate in PEM/],
    [{ serverName: '127.0.0.1' }, /tls\.serverName must be the name of a host/],
    [{ ca: own.file }, /tls\.ca is not known; allowed: caFile/]
  ] as const) {
    t.match(read(tls), fault)
  }
  t.match(read({ caFile: own.file }, 'http://one:1'), /tls has no effect on http:\/\/one:1/)
})

t.test('the output about a route contains the names of TLS files, not the key', async (t) => {
  const own = await authority(t)
  const { cert, key } = await own.issue('one')
  const tls = { caFile: own.file, certFile: cert, keyFile: key }
  const shown = JSON.parse(JSON.stringify(readUpstreamTls(tls)))
  t.strictSame(shown, tls)
})

t.test('the key set is loaded over TLS, with a certificate of the gateway', async (t) => {
  const own = await authority(t)
  const client = await own.issue('gateway')
  const auth = await secured(t, await own.issue('auth.internal', ['127.0.0.1']), own)
  const settings = {
    GATEWAY_JWKS_URL: auth.url,
    GATEWAY_JWKS_CA_FILE: own.file,
    GATEWAY_JWKS_CERT_FILE: client.cert,
    GATEWAY_JWKS_KEY_FILE: client.key
  }
  const keySetTls = (given: Partial<typeof settings>) => clientTlsReader('GATEWAY_JWKS', given)
  const keySetTlsFaults = (given: Partial<typeof settings>) =>
    clientTlsFaults('GATEWAY_JWKS', given, given.GATEWAY_JWKS_URL ?? '')
  t.strictSame(keySetTlsFaults(settings), [])
  t.equal((await download(auth.url, undefined, keySetTls(settings))).text, 'ok')
  t.strictSame(auth.names, ['gateway'])
  const named = { ...settings, GATEWAY_JWKS_SERVER_NAME: 'auth.internal' }
  t.equal((await download(auth.url, undefined, keySetTls(named))).text, 'ok', 'by the name in it')
  const misnamed = { ...settings, GATEWAY_JWKS_SERVER_NAME: 'other.internal' }
  for (const [tls, cause] of [
    [null, /^fetch failed: .*(self-signed|unable to verify)/],
    [keySetTls(misnamed), /^fetch failed: .*other\.internal/]
  ] as const) {
    const fault = await download(auth.url, undefined, tls).catch(downloadFault)
    t.match(fault, cause)
    t.notMatch(fault, 'auth.internal', 'no name of the certificate')
  }
  t.match(keySetTlsFaults({ ...settings, GATEWAY_JWKS_URL: 'http://auth' }), [
    /^GATEWAY_JWKS_CA_FILE has no effect without TLS/
  ])
  t.match(keySetTlsFaults({ ...settings, GATEWAY_JWKS_CA_FILE: '/nowhere' }), [
    /^GATEWAY_JWKS_CA_FILE: cannot read \/nowhere: no such file/
  ])
  t.throws(
    () => readSettings(clientTlsSettings('GATEWAY_JWKS'), { GATEWAY_JWKS_SERVER_NAME: '10.0.0.1' }),
    /GATEWAY_JWKS_SERVER_NAME must be the name of a host/
  )
  const { GATEWAY_JWKS_KEY_FILE: _, ...alone } = settings
  t.match(keySetTlsFaults(alone), [
    /^GATEWAY_JWKS_CERT_FILE and GATEWAY_JWKS_KEY_FILE must be set together/
  ])
})

t.test('a renewed certificate is read when its file changes', async (t) => {
  const own = await authority(t)
  const [first, next] = [await own.issue('first'), await own.issue('next')]
  const folder = dataFolder(t)
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') }
  const put = ({ cert, key }: IssuedFiles) => {
    copyFileSync(cert, files.certFile)
    copyFileSync(key, files.keyFile)
  }
  put(first)
  const routes = join(folder, 'routes.yaml')
  const load = () => {
    const { upstreams } = to('https://one', files)
    return readRouteTable(
      `upstreams:\n${upstreams}\nroutes:\n  - { name: one, prefix: /, upstream: one }\n`,
      {}
    )
  }
  const table = liveRouteTable({
    first: load(),
    file: routes,
    load,
    onReload() {},
    onFault() {},
    intervalMs: 20
  })
  t.teardown(() => table.close())
  const id = () => table.current().routes[0]?.upstream.tls?.id
  const before = id()
  put(next)
  t.not(
    await eventually(
      async () => id(),
      (now) => now !== before
    ),
    before
  )
  t.strictSame(table.current().routes[0]?.upstream.tls?.options.cert, readFileSync(next.cert))
})
