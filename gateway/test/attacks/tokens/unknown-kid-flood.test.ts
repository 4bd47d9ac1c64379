import { randomUUID } from 'node:crypto'
import t from 'tap'
import { type Edge, edge } from '../../fixtures/edge.ts'
import { goodClaims, headerOf, jwt, newKey } from '../../fixtures/issuer.ts'

const COOLDOWN_MS = 5000

/**
 * Sends this number of tokens with unknown kids at once, and good tokens among them. Returns the
 * statuses of both.
 */
async function flood(gateway: Edge, size: number): Promise<{ forged: number[]; good: number[] }> {
  const attacker = newKey()
  const claims = goodClaims(gateway.clock())
  const forged = Array.from({ length: size }, async () => {
    const token = jwt({ ...headerOf(attacker), kid: randomUUID() }, claims, attacker)
    const answer = await gateway.call('/closed', { headers: { authorization: `Bearer ${token}` } })
    await answer.arrayBuffer()
    return answer.status
  })
  const good = Array.from({ length: 20 }, async () => (await gateway.call('/closed')).status)
  return { forged: await Promise.all(forged), good: await Promise.all(good) }
}

const all = (statuses: number[]) => [...new Set(statuses)]

t.test('a flood of unknown kids costs the issuer one fetch in a cooldown', async (t) => {
  const gateway = await edge(t)
  t.equal(gateway.issuer.fetches, 1, 'at the start')

  for (const [fetches, advance] of [
    // Once per minute, a fetch does not wait for the cooldown, because an issuer may have a new
    // key.
    [2, 0],
    [2, COOLDOWN_MS - 1],
    [3, 1],
    [3, COOLDOWN_MS - 1]
  ] as const) {
    gateway.clock.advance(advance)
    const { forged, good } = await flood(gateway, 150)
    t.strictSame(all(forged), [401], 'each is refused')
    t.strictSame(all(good), [200], 'the others are served')
    t.equal(gateway.issuer.fetches, fetches, `${fetches} fetches`)
  }
  t.equal(gateway.upstream.received.length, 80, 'nothing of the flood went on')
})

t.test(
  'a flood while the issuer is down does not reach the issuer, and signs no client out',
  async (t) => {
    const gateway = await edge(t)
    gateway.issuer.answer = (_request, response) => response.writeHead(500).end()
    gateway.clock.advance(COOLDOWN_MS)
    const { forged, good } = await flood(gateway, 150)
    t.strictSame(
      [all(forged), all(good)],
      [[503], [200]],
      '503, because the issuer could not be asked'
    )
    t.equal(gateway.issuer.fetches, 2, 'a fetch that failed counts as well')
  }
)

t.test('a token with a known key does not wait while an unknown key is fetched', async (t) => {
  const gateway = await edge(t)
  let release = () => {}
  gateway.issuer.answer = (_request, response) => {
    release = () => response.end(JSON.stringify({ keys: [gateway.key.jwk] }))
  }
  gateway.clock.advance(COOLDOWN_MS)
  const attacker = newKey()
  const token = jwt(headerOf(attacker), goodClaims(gateway.clock()), attacker)
  const forged = gateway.call('/closed', { headers: { authorization: `Bearer ${token}` } })
  while (gateway.issuer.fetches < 2) t.equal((await gateway.call('/closed')).status, 200)
  t.equal((await gateway.call('/closed')).status, 200, 'while the issuer says nothing')
  release()
  t.equal((await forged).status, 401)
})
