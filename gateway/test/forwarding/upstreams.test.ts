import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import { upstreams } from '../../src/forwarding/upstreams.ts'
import type { Upstream } from '../../src/routes/upstream.ts'

const [a, b, c] = ['http://a:1', 'http://b:1', 'http://c:1'] as const
const one: Upstream = {
  ...{ name: 'service', addresses: [a], basePath: '' },
  ...{ health: null, keepAliveSeconds: 0 }
}
const three: Upstream = { ...one, addresses: [a, b, c] }

const services = (placesPerAddress = 10) => {
  const clock = testClock()
  return { clock, ...upstreams({ placesPerAddress, clock }) }
}

t.test('requests are spread evenly, and go to whoever has the fewest under way', async (t) => {
  const { take } = services()
  const places = Array.from({ length: 6 }, () => take(three))
  t.strictSame(places.map((place) => place?.address).sort(), [a, a, b, b, c, c])
  for (const place of places) if (place?.address === b) place.leave()
  t.equal(take(three)?.address, b)
  t.equal(take(three)?.address, b)
})

t.test('where every place is taken there is none, until one is free again', async (t) => {
  const { take } = services(1)
  const [first] = [take(three), take(three), take(three)]
  t.equal(take(three), null)
  first?.leave()
  first?.leave()
  t.equal(take(three)?.address, first?.address, 'once')
  t.equal(take(three), null, 'leaving twice frees one place')
})

t.test('an address that fails is left alone, longer each time, and comes back', async (t) => {
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

t.test('where all have failed, all are tried', async (t) => {
  const { take, setHealthy } = services()
  for (const address of three.addresses) setHealthy(address, false)
  t.not(take(three), null)
  const { take: takeOne } = services()
  takeOne(one)?.failed()
  t.equal(takeOne(one)?.address, a, 'the only one too')
})

t.test('one that its checks have found ill is not asked', async (t) => {
  const { take, setHealthy, figures } = services()
  setHealthy(a, false)
  const addresses = new Set(Array.from({ length: 9 }, () => take(three)?.address))
  t.strictSame(addresses, new Set([b, c]))
  t.match(figures(), [{ address: a, underWay: 0, available: false }, {}, {}])
  setHealthy(a, true)
  t.equal(take(three)?.address, a)
})

t.test('one that was tried is not tried again as long as there are others', async (t) => {
  const { take } = services()
  t.equal(take(three, new Set([a, b]))?.address, c)
})
