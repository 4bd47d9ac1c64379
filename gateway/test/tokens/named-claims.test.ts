import { testClock } from '@gatehouse/fixtures/clock'
import { countedPerTaken, settleHeap } from '@gatehouse/fixtures/collect-garbage'
import t from 'tap'
import { keptForTokens } from '../../src/tokens/memory/kept-for-tokens.ts'
import { namedClaims } from '../../src/tokens/named-claims.ts'
import type { VerifiedToken } from '../../src/tokens/verified-token.ts'
import { jwt, newKey } from '../fixtures/issuer.ts'
import { ada } from '../fixtures/stamped.ts'

const key = newKey()
const bearer = (claims: object) => `Bearer ${jwt({ alg: 'ES256' }, claims, key)}`
const TOKENS = 200
const WARM_UP = 50

const shapes: Record<string, (token: number) => object> = {
  'a long text': (token) => ({ bio: `${token}`.padEnd(3000, 'x') }),
  'an object with names of its own': (token) => ({
    bio: Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`m${token}-${at}`, at]))
  }),
  'other letters': (token) => ({ bio: `${token}`.padEnd(400, 'ж') })
}

for (const [shape, claims] of Object.entries(shapes)) {
  t.test(
    `the bytes that are counted for named claims are those of the heap: ${shape}`,
    async (t) => {
      const kept = keptForTokens({ mostBytes: 2 ** 30, clock: testClock() })
      const { headersOf } = namedClaims(kept)
      const routes = Array.from({ length: 5 }, () => [
        { name: 'bio', header: 'x-auth-claim-bio', path: 'bio' }
      ])
      const remembered: VerifiedToken[] = []
      const use = (from: number, to: number) => {
        for (let number = from; number < to; number += 1) {
          const token = { ...ada }
          remembered.push(token)
          const authorization = bearer(claims(number))
          for (const names of routes) headersOf(token, names, authorization)
        }
      }
      // The first run of code allocates more, so it is not measured.
      use(-WARM_UP, 0)
      settleHeap()
      let token = 0
      const counted = countedPerTaken(() => {
        const before = kept.bytes()
        use(token, token + TOKENS)
        token += TOKENS
        return kept.bytes() - before
      })
      t.ok(counted > 0.75, `${counted} bytes counted for each one taken`)
      t.ok(counted < 3, 'and not far more')
      t.equal(remembered.length, token + WARM_UP)
    }
  )
}

t.test('named claims and assertions share one byte limit', async (t) => {
  const clock = testClock()
  const kept = keptForTokens({ mostBytes: 65_536, clock })
  const { headersOf } = namedClaims(kept)
  const others = kept.values<string, string>()
  const names = [{ name: 'bio', header: 'x-auth-claim-bio', path: 'bio' }]
  for (let token = 0; token < 100; token += 1) {
    const first = { ...ada }
    headersOf(first, names, bearer({ bio: 'x'.repeat(2000) }))
    others.keep(first, 'key', 'value', 2000)
    t.equal(others.find(first, 'key'), 'value', 'the newest is kept')
    t.ok(kept.bytes() <= 65_536)
  }
  t.ok(kept.bytes() > 32_768, 'older ones are kept as long as there is space')
  clock.advance(60_000)
  t.equal(kept.bytes(), 0)
})
