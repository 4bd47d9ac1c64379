import { once } from 'node:events'
import { authority } from '@gatehouse/fixtures/certificates'
import { eventually } from '@gatehouse/fixtures/client'
import { endsInTime } from '@gatehouse/fixtures/ends-in-time'
import { faults } from '@gatehouse/fixtures/faults'
import t from 'tap'
import { WebSocket } from 'ws'
import { capturedLog } from '../../fixtures/captured-log.ts'
import { edge } from '../../fixtures/edge.ts'
import { secured, to } from '../fixtures/secured-service.ts'

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
      t.strictSame([answer.status], faults.serviceUntrusted.statuses, title)
      t.match(await answer.json(), { code: 'UPSTREAM_UNAVAILABLE' }, title)
      t.match(log.lines().slice(before), [{ msg: 'failed', reason }], title)
      const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/one`)
      const [, refused] = await once(socket, 'unexpected-response')
      t.equal(refused.statusCode, 502, `${title}: a WebSocket`)
      socket.on('error', () => {}).terminate()
    }
    const sent = [byAddress, byName, expired].map(
      ({ names }, index) => names.length - Number(asked[index])
    )
    t.strictSame(new Set(sent), new Set([faults.serviceUntrusted.lost]), 'no request')
    gateway.reroute(to(byAddress.url, ca))
    const trusted = async () => (await fetch(`${gateway.url}/one`)).status
    await endsInTime(t, faults.serviceUntrusted, trusted, (status) => status === 200)
  })

  t.test('a service that wants a certificate gets no request without one', async (t) => {
    const asked = mutual.names.length
    for (const tls of [ca, { ...ca, ...theirs }]) {
      gateway.reroute(to(mutual.url, tls))
      t.equal((await fetch(`${gateway.url}/one`)).status, 502)
    }
    t.equal(mutual.names.length, asked)
  })

  t.test('requests to a port without TLS get 502 with a reason of its own', async (t) => {
    const before = log.lines().length
    gateway.reroute(to(gateway.upstream.url.replace('http:', 'https:'), ca))
    t.equal((await fetch(`${gateway.url}/one`)).status, 502)
    t.match(log.lines().slice(before), [
      { reason: /check that its port uses TLS, and tls\.certFile/ }
    ])
  })

  t.test('connections that another entry secured are not used', async (t) => {
    gateway.reroute(to(byAddress.url, ca))
    t.equal((await fetch(`${gateway.url}/one`)).status, 200, 'leaves an idle connection')
    gateway.reroute(to(byAddress.url, { caFile: other.file }))
    t.equal((await fetch(`${gateway.url}/one`)).status, 502)
  })

  t.test('health checks verify the certificates of services', async (t) => {
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
