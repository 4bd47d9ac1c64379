import { setImmediate } from 'node:timers/promises'
import { collectGarbage } from '@gatehouse/fixtures/collect-garbage'
import t from 'tap'
import { type Edge, edge, TOKEN_BYTES } from '../../fixtures/edge.ts'
import { goodClaims, headerOf, jwt, newKey } from '../../fixtures/issuer.ts'
import { isRefused } from '../fixtures/is-refused.ts'

// The gateway remembers a token that it has accepted, and does not check its signature again.
// Everything else that can have changed is checked again. fast-jwt GHSA-rp9m-7r4c-75qg and get-jwks
// CVE-2025-59936 came from caches with a weak key.

const present = (gateway: Edge, token: string) =>
  gateway.call('/closed', { headers: { authorization: `Bearer ${token}` } })

/** A gateway that has just accepted a token. */
async function remembering(t: Parameters<typeof edge>[0], gateway?: Edge) {
  const made = gateway ?? (await edge(t))
  const token = made.token()
  for (const time of ['first', 'second']) {
    t.equal((await present(made, token)).status, 200, `${time} time`)
  }
  return { gateway: made, token }
}

t.test('a remembered token expires', async (t) => {
  const { gateway, token } = await remembering(t)
  gateway.clock.advance(305_000)
  await isRefused(t, gateway, token, 'after its time', 'TOKEN_EXPIRED')
  await isRefused(t, gateway, token, 'and again', 'TOKEN_EXPIRED')
})

t.test('a remembered token ends with its session', async (t) => {
  const { gateway, token } = await remembering(t)
  gateway.log.revoke({ kind: 'session', id: 'session-1', until: gateway.clock() / 1000 + 360 })
  await setImmediate()
  await isRefused(t, gateway, token, 'revoked', 'SESSION_ENDED')
})

t.test('a remembered token ends with its key', async (t) => {
  const { gateway, token } = await remembering(t)
  gateway.issuer.keys = [newKey()]
  await gateway.keys.refresh()
  await isRefused(t, gateway, token, 'its key is withdrawn')

  // Another key with the same kid: a kid does not identify a key.
  gateway.issuer.keys = [newKey('ES256', gateway.key.kid)]
  await gateway.keys.refresh()
  await isRefused(t, gateway, token, 'its kid is given to another key')

  gateway.issuer.keys = [gateway.key]
  await gateway.keys.refresh()
  t.equal((await present(gateway, token)).status, 200, 'the key is back')
})

t.test('two tokens that differ in one character are verified separately', async (t) => {
  const { gateway, token } = await remembering(t)
  const last = token.length - 1
  const places = [
    0,
    1,
    40,
    ...[0.3, 0.5, 0.7, 0.9].map((part) => Math.floor(last * part)),
    last - 1,
    last
  ]
  for (const at of places.filter((at) => token[at] !== '.')) {
    const other = token[at] === 'A' ? 'B' : 'A'
    const forged = `${token.slice(0, at)}${other}${token.slice(at + 1)}`
    await isRefused(t, gateway, forged, `another character at ${at}`)
  }
  const [header, , signature] = token.split('.')
  const claims = { ...goodClaims(gateway.clock()), roles: ['admin'] }
  const forgedClaims = Buffer.from(JSON.stringify(claims)).toString('base64url')
  await isRefused(t, gateway, `${header}.${forgedClaims}.${signature}`, 'header and signature kept')
  t.equal((await present(gateway, token)).status, 200)
})

t.test('another spelling of a remembered token is refused', async (t) => {
  const { gateway, token } = await remembering(t)
  const next = (character: string) => String.fromCharCode(character.charCodeAt(0) + 1)
  await isRefused(t, gateway, `${token.slice(0, -1)}${next(token.slice(-1))}`, 'spare bits')
  await isRefused(t, gateway, `${token}=`, 'padding')
  await isRefused(t, gateway, `${token}==`, 'more padding')
  await isRefused(t, gateway, `${token}.`, 'a dot behind')
  await isRefused(t, gateway, token.toLowerCase(), 'lower case')
})

t.test('the identity of one token never reaches the request of another', async (t) => {
  const gateway = await edge(t)
  const subjects = Array.from({ length: 50 }, (_, index) => `user-${index}`)
  const tokens = subjects.map((sub) => gateway.token({ sub, sid: `session-of-${sub}`, jti: 'one' }))
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(tokens.map(async (token) => (await present(gateway, token)).text()))
  }
  const seen = new Map<string, number>()
  for (const { headers } of gateway.upstream.received) {
    const subject = String(headers['x-auth-subject'])
    t.equal(headers['x-auth-session'], `session-of-${subject}`)
    seen.set(subject, (seen.get(subject) ?? 0) + 1)
  }
  t.strictSame([...seen].sort(), subjects.map((subject) => [subject, 3]).sort(), 'each three times')
})

t.test('one kid under two issuers’ keys: a token that was refused is not remembered', async (t) => {
  const gateway = await edge(t)
  const impostor = newKey('ES256', gateway.key.kid)
  const claims = goodClaims(gateway.clock())
  const forged = jwt(headerOf(impostor), claims, impostor)
  await isRefused(t, gateway, forged, 'before')
  t.equal((await present(gateway, jwt(headerOf(gateway.key), claims, gateway.key))).status, 200)
  await isRefused(t, gateway, forged, 'and after the same claims were accepted')
})

t.test('the cache of tokens keeps its memory limit with large claims', async (t) => {
  const gateway = await edge(t, {
    routes: ['a', 'b', 'c']
      .map(
        (name) =>
          `  - { name: ${name}, prefix: /${name}, upstream: service, claims: [subject], tokenClaims: { ${name}: bio } }\n`
      )
      .join('')
  })
  const statuses = new Set<number>()
  let number = 0
  /** How much of the heap is in use after this number of further tokens. */
  const use = async (tokens: number) => {
    const last = number + tokens
    for (; number < last; number += 1) {
      const email = `${number}`.padEnd(600, 'ж')
      const token = gateway.token({ email, bio: `${number}`.padEnd(3000, 'x') })
      const headers = { authorization: `Bearer ${token}` }
      for (const route of ['/a', '/b', '/c']) {
        const answer = await gateway.call(route, { headers })
        await answer.arrayBuffer()
        statuses.add(answer.status)
      }
    }
    gateway.upstream.received.length = 0
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  // These tokens fill the cache. After that, each new one replaces an old one.
  const full = await use(120)
  // Garbage that is collected a moment later, such as a closed connection, does not count. Memory
  // that is not released grows with every round.
  let grown = Number.POSITIVE_INFINITY
  for (let round = 1; round <= 4 && grown >= TOKEN_BYTES / 2; round += 1) {
    grown = (await use(120)) - full
  }
  t.strictSame([...statuses], [200])
  t.ok(grown < TOKEN_BYTES / 2, `${grown} bytes`)
})
