import { testClock } from '@gatehouse/fixtures/clock'
import { countedPerTaken, settleHeap } from '@gatehouse/fixtures/collect-garbage'
import { runs } from '@gatehouse/fixtures/generated'
import fc from 'fast-check'
import { decodeJwt } from 'jose'
import t from 'tap'
import type { VerifiedToken } from '../../src/tokens/verified-token.ts'
import { ada, countedAssertions, like } from '../fixtures/stamped.ts'

t.test('one assertion is used for a token and route for half a minute', async (t) => {
  const { assertions, clock, signed } = countedAssertions()
  const first = assertions.about(ada, 'orders')
  clock.advance(28_999)
  t.equal(assertions.about(ada, 'orders'), first)
  t.equal(signed.length, 1)

  t.equal(decodeJwt(assertions.about(ada, 'echo')).aud, 'echo', 'another route, another audience')
  const twin = like({})
  t.not(assertions.about(twin, 'orders'), first, 'another token, though it says the same')
  t.equal(signed.length, 3)

  clock.advance(1)
  t.not(assertions.about(ada, 'orders'), first)
  t.equal(assertions.about(ada, 'echo'), assertions.about(ada, 'echo'), 'the others are still good')
  t.equal(signed.length, 4)
})

t.test('assertions for many new tokens are not renewed at once', async (t) => {
  const { assertions, clock, signed } = countedAssertions(testClock(), 4_194_304, Math.random)
  const callers = Array.from({ length: 300 }, (_, number) => like({ subject: `user-${number}` }))
  const signatures: number[] = []
  for (let step = 0; step < 900; step += 1) {
    const before = signed.length
    for (const caller of callers) assertions.about(caller, 'orders')
    signatures.push(signed.length - before)
    clock.advance(100)
  }
  t.equal(signatures[0], callers.length)
  const most = Math.max(...signatures.slice(1))
  t.ok(most < callers.length / 10, `at most ${most} at once`)
  t.ok(signed.length < 5 * callers.length, 'and each busy caller still costs about two a minute')
})

t.test(
  'the assertions that are kept stay within their bytes, on any number of routes',
  async (t) => {
    const keptBytes = 65_536
    const { assertions, kept, signed } = countedAssertions(testClock(), keptBytes)
    for (let token = 0; token < 10; token += 1) {
      const caller = like({ subject: `user-${token}` })
      for (let route = 0; route < 50; route += 1) {
        const first = assertions.about(caller, `service-${route}`)
        t.equal(assertions.about(caller, `service-${route}`), first, 'the newest is kept')
        t.ok(kept.bytes() <= keptBytes)
      }
    }
    t.equal(signed.length, 500)
    t.ok(kept.bytes() > keptBytes / 2, 'older ones are kept as long as there is space')
    const tooLong = like({ roles: ['x'.repeat(keptBytes / 2)] })
    t.not(assertions.about(tooLong, 'orders'), assertions.about(tooLong, 'orders'))
  }
)

t.test('an assertion is not kept when it has expired', async (t) => {
  const { assertions, kept, clock } = countedAssertions()
  assertions.about(ada, 'orders')
  clock.advance(29_000)
  assertions.about(ada, 'echo')
  const both = kept.bytes()
  clock.advance(29_000)
  t.equal(kept.bytes(), both)
  clock.advance(2000)
  t.equal(kept.bytes(), 0)
})

t.test('the counted bytes of assertions are those of the heap', async (t) => {
  const { assertions, kept } = countedAssertions(testClock(), 2 ** 30)
  const remembered: VerifiedToken[] = []
  const use = (tokens: number) => {
    for (let token = 0; token < tokens; token += 1) {
      const caller = like({ roles: [`${token}`.padEnd(1500, 'r')] })
      remembered.push(caller)
      for (let route = 0; route < 10; route += 1) assertions.about(caller, `service-${route}`)
    }
  }
  // The first run of code allocates more, so it is not measured.
  use(30)
  settleHeap()
  const counted = countedPerTaken(() => {
    const before = kept.bytes()
    use(100)
    return kept.bytes() - before
  })
  t.ok(counted > 0.75, `${counted} bytes counted for each one taken`)
  t.ok(counted < 2, 'and not far more')
  t.equal(remembered.length, 330)
})

t.test('an assertion in use is less than 30 s old and valid for another 30 to 60 s', async (t) => {
  const anyTimes = fc.array(fc.nat({ max: 70_000 }), { minLength: 1, maxLength: 20 })
  const fresh = fc.property(anyTimes, (times) => {
    const { assertions, clock } = countedAssertions()
    return times.every((milliseconds) => {
      clock.advance(milliseconds)
      const now = Math.floor(clock() / 1000)
      const { iat = 0, exp = 0 } = decodeJwt(assertions.about(ada, 'orders'))
      return exp - now > 30 && exp - now <= 60 && now - iat < 30
    })
  })
  t.equal(fc.check(fresh, runs(1000)).counterexample, null)
})
