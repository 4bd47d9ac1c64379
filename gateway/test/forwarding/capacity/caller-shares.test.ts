import { runs } from '@gatehouse/fixtures/generated'
import { Refusal } from '@gatehouse/problem/refusal'
import fc from 'fast-check'
import t from 'tap'
import type { Place } from '../../../src/forwarding/capacity/upstreams.ts'
import type { Upstream } from '../../../src/routes/upstream/upstream.ts'
import { one, services, three } from './fixtures/places.ts'

/** Takes places for a caller until none is free. */
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

t.test('a caller can use the only place of an address', async (t) => {
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
            // A free place goes to a caller without a place, and to a request without a caller.
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
          // An exchange may end in two ways at the same time.
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
