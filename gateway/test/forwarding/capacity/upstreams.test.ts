import t from 'tap'
import type { Upstream } from '../../../src/routes/upstream/upstream.ts'
import { readUpstreamTls } from '../../../src/routes/upstream/upstream-tls.ts'
import { a, b, c, one, services, three } from './fixtures/places.ts'

t.test('requests are spread evenly, and go to the address with the fewest in flight', async (t) => {
  const { take } = services()
  const places = Array.from({ length: 6 }, () => take(three))
  t.strictSame(places.map((place) => place?.address).sort(), [a, a, b, b, c, c])
  for (const place of places) if (place?.address === b) place.leave()
  t.equal(take(three)?.address, b)
  t.equal(take(three)?.address, b)
})

t.test('a request is refused while all places are taken', async (t) => {
  const { take } = services(1)
  const [first] = [take(three), take(three), take(three)]
  t.equal(take(three), null)
  first?.leave()
  first?.leave()
  t.equal(take(three)?.address, first?.address, 'once')
  t.equal(take(three), null, 'leaving twice frees one place')
})

t.test('an address that fails is avoided, longer each time, and is used again later', async (t) => {
  const { take, clock } = services(1000)
  const addresses = () => new Set(Array.from({ length: 9 }, () => take(three)?.address))
  const failing = () => {
    for (;;) {
      const place = take(three)
      if (place?.address === a) return place
    }
  }
  failing().failed()
  t.strictSame(addresses(), new Set([b, c]))
  clock.advance(500)
  const again = failing()
  again.failed()
  clock.advance(999)
  t.strictSame(addresses(), new Set([b, c]), 'twice as long')
  clock.advance(1)
  failing().answered()
  t.ok(addresses().has(a))
  failing().failed()
  clock.advance(500)
  t.ok(addresses().has(a), 'an answer makes it start from the beginning')
})

t.test('the requests in flight at an address that fails count as one failure', async (t) => {
  const { take, clock } = services(1000)
  const places = Array.from({ length: 9 }, () => take(three))
  for (const place of places) if (place?.address === a) place.failed()
  const addresses = () => new Set(Array.from({ length: 9 }, () => take(three)?.address))
  t.strictSame(addresses(), new Set([b, c]))
  clock.advance(500)
  t.ok(addresses().has(a), 'as after one')
})

t.test('an address that fails gets the requests for which the others have no place', async (t) => {
  const { take, asked, setHealthy } = services(1, 100)
  const [first, ...others] = [take(three), take(three), take(three)]
  first?.failed()
  first?.leave()
  t.equal(take(three)?.address, first?.address, 'instead of a refusal')
  t.match(asked(three), { code: 'UNAVAILABLE' })
  const [unhealthy] = others
  unhealthy?.leave()
  setHealthy({ address: unhealthy?.address ?? '', tls: null }, false)
  t.equal(take(three), null, 'not the one that its health check finds unhealthy')
})

t.test('if all addresses have failed, all are tried', async (t) => {
  const { take, setHealthy } = services()
  for (const address of three.addresses) setHealthy({ address, tls: null }, false)
  t.not(take(three), null)
  const { take: takeOne } = services()
  takeOne(one)?.failed()
  t.equal(takeOne(one)?.address, a, 'the only one too')
})

t.test('an unhealthy address gets no request', async (t) => {
  const { take, setHealthy, figures } = services()
  setHealthy({ address: a, tls: null }, false)
  const addresses = new Set(Array.from({ length: 9 }, () => take(three)?.address))
  t.strictSame(addresses, new Set([b, c]))
  t.match(figures(), [{ address: a, underWay: 0, available: false }, {}, {}])
  setHealthy({ address: a, tls: null }, true)
  t.equal(take(three)?.address, a)
})

t.test(
  'services that share addresses with different TLS do not share their failures',
  async (t) => {
    const { take, setHealthy, figures } = services()
    const named = (serverName: string): Upstream => {
      return { ...three, addresses: [a, b], tls: readUpstreamTls({ serverName }) }
    }
    const [first, second] = [named('first'), named('second')]
    const asked = (service: Upstream) => {
      const place = take(service)
      place?.leave()
      return place?.address
    }
    const addresses = (service: Upstream) =>
      new Set(Array.from({ length: 4 }, () => asked(service)))
    const failing = take(first)
    failing?.leave()
    failing?.failed()
    t.strictSame(addresses(first), new Set([a, b].filter((one) => one !== failing?.address)))
    t.strictSame(addresses(second), new Set([a, b]))
    for (const address of first.addresses) setHealthy({ address, tls: first.tls }, false)
    setHealthy({ address: b, tls: second.tls }, false)
    t.strictSame(addresses(second), new Set([a]))
    setHealthy({ address: a, tls: first.tls }, true)
    failing?.answered()
    t.ok(addresses(first).has(a))
    t.match(
      figures().at(1),
      { address: b, available: false },
      'the metric shows the worse of the two'
    )
  }
)

t.test('an address that was tried is not tried again while there are others', async (t) => {
  const { take } = services()
  t.equal(take(three, null, new Set([a, b]))?.address, c)
})
