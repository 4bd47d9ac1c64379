import { countedPerTaken, settleHeap } from '@gatehouse/fixtures/collect-garbage'
import t from 'tap'
import { readAccessToken } from '../../../src/tokens/checks/access-token-profile.ts'
import { ownProfile } from '../../../src/tokens/checks/own-profile.ts'
import { rememberedBytes } from '../../../src/tokens/memory/remembered-bytes.ts'
import { AUDIENCE, goodClaims, headerOf, ISSUER, jwt, newKey } from '../../fixtures/issuer.ts'

// Tokens with many short scopes once took twice the memory that the cache counted for them.

const TOKENS = 300
const WARM_UP = 300
const profile = ownProfile({ issuer: ISSUER, audience: AUDIENCE })
const key = newKey()
// Tokens are only read here, not verified, so one signature is enough for all of them.
const [, , signature] = jwt(headerOf(key), {}, key).split('.')
const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const keys = { version: 'one set' }

/** Names of this length. Each token has different ones. */
const names = (count: number, length: number, token: number, first = '') =>
  Array.from({ length: count }, (_, index) => `${first}${token}-${index}`.padEnd(length, 'x'))

const shapes: Record<string, (token: number) => object> = {
  'the claims of a login': () => ({}),
  'many short scopes': (token) => ({ scope: names(300, 12, token).join(' ') }),
  'many longer scopes': (token) => ({ scope: names(150, 25, token).join(' ') }),
  'scopes of two letters': () => ({ scope: 'ab cd ef gh '.repeat(50).trim() }),
  'many roles': (token) => ({ roles: names(200, 20, token) }),
  'roles of other letters': (token) => ({ roles: names(60, 12, token, 'ж') }),
  'an exchanged token': (token) => ({
    aud: 'inventory',
    act: { sub: `client-${token}-of-this-token`, act: { sub: `client-${token}-before` } },
    delegation: { keys: [`key-${token}`.padEnd(43, 'k')], rights: [1, 2] }
  }),
  'a long address': (token) => ({ email: `${'x'.repeat(1000)}${token}@a.example` })
}

settleHeap()

for (const [shape, claims] of Object.entries(shapes)) {
  t.test(`the counted bytes of a remembered token are those that it uses: ${shape}`, async (t) => {
    const remembered = new Map<string, object>()
    const remember = (token: number): number => {
      const sub = `user-${token}-of-this-token`
      const own = encoded({ ...goodClaims(0), sub, ...claims(token) })
      const text = `${encoded(headerOf(key))}.${own}.${signature}`
      const read = readAccessToken(text, () => profile)
      if ('flaw' in read) throw new Error(read.flaw)
      const { identity, delegation } = read.claims
      const digest = `${token} `.padEnd(44, 'd')
      const kept = {
        identity,
        kid: read.kid,
        delegation,
        issuedAt: 1,
        rightsVersion: 2,
        usableUntil: 3
      }
      remembered.set(digest, { verified: kept, keys, keySet: keys.version })
      return rememberedBytes(digest, kept)
    }
    // The first run of code allocates more, so it is not measured.
    for (let token = -WARM_UP; token < 0; token += 1) remember(token)
    let token = 0
    const counted = countedPerTaken(() => {
      let bytes = 0
      for (const last = token + TOKENS; token < last; token += 1) bytes += remember(token)
      return bytes
    })
    t.ok(counted > 0.75, `${counted} bytes counted for each one taken`)
    t.ok(counted < 2, 'and not far more')
    t.equal(remembered.size, token + WARM_UP)
  })
}
