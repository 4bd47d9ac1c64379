import { testClock } from '@gatehouse/fixtures/clock'
import { runs } from '@gatehouse/fixtures/generated'
import { Refusal } from '@gatehouse/problem/refusal'
import fc from 'fast-check'
import t from 'tap'
import { type Place, upstreams } from '../../../src/forwarding/capacity/upstreams.ts'
import type { Upstream } from '../../../src/routes/upstream.ts'
import { readUpstreamTls } from '../../../src/routes/upstream-tls.ts'

const [a, b, c] = ['http://a:1', 'http://b:1', 'http://c:1'] as const
const one: Upstream = {
  name: 'service',
  addresses: [a],
  basePath: '',
  health: null,
  protocol: 'http/1.1',
  keepAliveSeconds: 0,
  tls: null
}
const three: Upstream = { ...one, addresses: [a, b, c] }

/**
 * Services of which a test takes places for nobody, unless it says for whom; null where there is
 * none.
 */
const services = (placesPerAddress = 10, sharePercent = 100) => {
  const clock = testClock()
  const all = upstreams({ placesPerAddress, sharePercent, clock })
  const asked = (upstream: Upstream, caller: string | null = null, except?: ReadonlySet<string>) =>
    all.take(upstream, caller, except)
  const take = (...request: Parameters<typeof asked>): Place | null => {
    const place = asked(...request)
    return place instanceof Refusal ? null : place
  }
  return { ...all, clock, asked, take }
}

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

/** Takes places for a caller until there is none. */
function takeAll(
  { asked }: Pick<ReturnType<typeof services>, 'asked'>,
  upstream: Upstream,
  caller: string
) {
  const places: Place[] = []
  for (;;) {
    const place = asked(upstream, caller)
    if (place instanceof Refusal) return { places, refusal: place }
    places.push(place)
  }
}

t.test('a caller may use a part of the places that the others leave', async (t) => {
  const service = services(100, 50)
  const first = takeAll(service, one, 'first')
  t.equal(first.places.length, 50)
  t.match(first.refusal, { code: 'RATE_LIMITED', status: 429, headers: { 'retry-after': '1' } })
  t.equal(takeAll(service, one, 'second').places.length, 25)
  t.equal(takeAll(service, one, 'third').places.length, 13)
  for (const place of first.places) place.leave()
  t.equal(takeAll(service, one, 'first').places.length, 31, 'less than while it was alone')
  t.match(service.refused(), [
    { upstream: 'service', reason: 'full', count: 0 },
    { upstream: 'service', reason: 'caller_share', count: 4 }
  ])
})

t.test('several callers with their full shares leave a place for the next one', async (t) => {
  const service = services(1024, 25)
  t.equal(takeAll(service, one, 'attacker').places.length, 256)
  for (let index = 0; index < 20; index += 1) takeAll(service, one, `attacker ${index}`)
  t.not(service.take(one, 'another'), null)
})

t.test('a caller gets the place if there is only one', async (t) => {
  const service = services(1, 1)
  const { places, refusal } = takeAll(service, one, 'first')
  t.equal(places.length, 1)
  t.equal(refusal.code, 'UNAVAILABLE', 'all are taken')
  t.equal(takeAll(service, one, 'second').refusal.code, 'UNAVAILABLE')
})

t.test('a caller has a share at each address of a service', async (t) => {
  const service = services(10, 50)
  t.equal(takeAll(service, three, 'first').places.length, 15)
  t.equal(takeAll(service, one, 'first').places.length, 0)
})

t.test('requests without a caller have no share, and leave places for others', async (t) => {
  const service = services(10, 50)
  for (let index = 0; index < 10; index += 1) t.not(service.take(one, null), null)
  t.equal(takeAll(service, one, 'first').refusal.code, 'UNAVAILABLE')
  t.match(service.figures(), [{ underWay: 10, callers: 0 }])
})

type Event = {
  readonly kind: 'take' | 'leave' | 'failed' | 'answered'
  readonly caller: number
  readonly at: number
}

t.test('in any order of events, shares are limited and given back', async (t) => {
  const event: fc.Arbitrary<Event> = fc.record({
    kind: fc.constantFrom('take', 'take', 'take', 'leave', 'leave', 'failed', 'answered'),
    caller: fc.nat({ max: 4 }),
    at: fc.nat({ max: 1000 })
  })
  const events = fc.array(event, { maxLength: 120 })
  const kept = fc.property(
    events,
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 100 }),
    fc.constantFrom(one, three),
    (events, places, sharePercent, upstream) => {
      const { asked, figures } = services(places, sharePercent)
      const held: { place: Place; caller: string | null }[] = []
      const gone: Place[] = []
      const at = (address: string) => held.filter(({ place }) => place.address === address)
      for (const { kind, caller: index, at: number } of events) {
        const caller = index === 0 ? null : `caller ${index}`
        if (kind === 'take') {
          const place = asked(upstream, caller)
          const free = upstream.addresses.filter((address) => at(address).length < places)
          const isNew = !held.some((one) => one.caller === caller && caller !== null)
          if (place instanceof Refusal) {
            // One without a place, and nobody's request, get one wherever one is free.
            if (free.length > 0 && isNew) return false
            if (free.length > 0 !== (place.code === 'RATE_LIMITED')) return false
            continue
          }
          const own = at(place.address).filter((one) => one.caller === caller).length
          const others = at(place.address).length - own
          held.push({ place, caller })
          const share = Math.ceil((sharePercent * (places - others)) / 100)
          if (caller !== null && own + 1 > share) return false
          if (others + own + 1 > places) return false
        } else if (kind === 'leave') {
          const [ended] = held.splice(number % Math.max(held.length, 1), 1)
          if (ended !== undefined) gone.push(ended.place)
          ended?.place.leave()
          // An exchange may end in two ways at a time.
          gone[number % Math.max(gone.length, 1)]?.leave()
        } else held[number % Math.max(held.length, 1)]?.place[kind]()
        for (const { address, underWay, callers } of figures()) {
          const there = at(address)
          const known = new Set(there.map(({ caller }) => caller).filter((one) => one !== null))
          if (underWay !== there.length || callers !== known.size) return false
        }
      }
      for (const { place } of held) place.leave()
      return figures().every(({ underWay, callers }) => underWay === 0 && callers === 0)
    }
  )
  t.equal(fc.check(kept, runs(3000)).counterexample, null)
})
