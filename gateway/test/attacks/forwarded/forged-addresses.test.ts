import t from 'tap'
import { capturedLog } from '../../fixtures/captured-log.ts'
import { edge } from '../../fixtures/edge.ts'
import { head, provoke } from '../fixtures/raw-request.ts'

t.test(
  'a forwarding header does not make a peer trusted, and the log names GATEWAY_TRUSTED_PROXIES',
  async (t) => {
    const log = capturedLog(t)
    const gateway = await edge(t, { trustedProxies: ['192.0.2.1'], serviceLog: log.log })
    const lines = [
      'X-Forwarded-For: 192.0.2.1',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil'
    ]
    const { received } = await provoke(gateway, head('GET /open HTTP/1.1', ...lines))
    t.match(received[0]?.headers, {
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'gateway.example'
    })
    await provoke(gateway, head('GET /open HTTP/1.1'))
    await provoke(gateway, head('GET /open HTTP/1.1', 'Forwarded: for=192.0.2.1'))
    gateway.clock.advance(3_600_000)
    await provoke(gateway, head('GET /open HTTP/1.1', 'Forwarded: for=192.0.2.1'))
    const warned = log.lines().filter(({ msg }) => String(msg).includes('GATEWAY_TRUSTED_PROXIES'))
    t.match(
      warned,
      [
        { level: 40, address: '127.0.0.1', header: 'x-forwarded-for' },
        { level: 40, address: '127.0.0.1', header: 'forwarded' }
      ],
      'once an hour'
    )
  }
)

t.test('a forged address does not evade a limit by address', async (t) => {
  const routes = `
  - { name: few, prefix: /few, upstream: service, access: public, limit: { max: 3, windowSeconds: 60 } }
`
  const gateway = await edge(t, { routes })
  const statuses: number[] = []
  for (let index = 0; index < 20; index += 1) {
    const from = `10.0.0.${index}`
    const lines = ['X-Forwarded-For', 'X-Real-IP', 'True-Client-IP'].map(
      (name) => `${name}: ${from}`
    )
    const bytes = head('GET /few HTTP/1.1', ...lines, `Forwarded: for=${from}`)
    statuses.push(...(await provoke(gateway, bytes)).statuses)
  }
  t.strictSame(statuses, [...Array(3).fill(200), ...Array(17).fill(429)])
})

t.test('a limit counts an IPv6 network of one customer as one caller', async (t) => {
  const routes = `
  - { name: few, prefix: /few, upstream: service, access: public, limit: { max: 3, windowSeconds: 60 } }
`
  const gateway = await edge(t, { routes, trustedProxies: ['127.0.0.1'] })
  const from = async (address: string) =>
    (await gateway.call('/few', { headers: { 'x-forwarded-for': address } })).status
  const one = ['2001:db8:1:2::1', '2001:db8:1:2::2', '2001:0db8:1:2:ffff::3', '2001:db8:1:2::4']
  const statuses: number[] = []
  for (const address of one) statuses.push(await from(address))
  t.strictSame(statuses, [200, 200, 200, 429])
  t.equal(await from('2001:db8:1:3::1'), 200, 'the neighbour is another')
})

t.test('the port in a forwarded address does not make another client', async (t) => {
  const routes = `
  - { name: few, prefix: /few, upstream: service, access: public, limit: { max: 3, windowSeconds: 60 } }
`
  const gateway = await edge(t, { routes, trustedProxies: ['127.0.0.1', '10.0.0.0/8'] })
  const from = async (address: string) =>
    (await gateway.call('/few', { headers: { 'x-forwarded-for': address } })).status
  const statuses: number[] = []
  for (const port of [40_000, 40_001, 40_002, 40_003])
    statuses.push(await from(`203.0.113.9:${port}`))
  t.strictSame(statuses, [200, 200, 200, 429])
  const hidden: number[] = []
  for (const proxy of ['10.0.0.1', '10.0.0.2', '10.0.0.1', '10.0.0.2']) {
    hidden.push(await from(`unknown, ${proxy}`))
  }
  t.strictSame(hidden, [200, 200, 200, 200], 'a client without an address counts as its proxy')
})
