import t from 'tap'
import { type Edge, edge } from '../../fixtures/edge.ts'
import { goodClaims, headerOf, jwt } from '../../fixtures/issuer.ts'
import { isRefusedTwice } from '../fixtures/is-refused.ts'

/** A token with this header, signed with the right key. */
const forged = ({ key, clock }: Edge, header: object) =>
  jwt({ ...headerOf(key), ...header }, goodClaims(clock()), key)

const types = [
  'JWT',
  'jwt',
  'at+JWT',
  'application/at+jwt',
  '',
  undefined,
  null,
  ['at+jwt'],
  'gatehouse-assertion+jwt',
  'JWE',
  'logout+jwt',
  'dpop+jwt'
]

t.test('a token header with other members than alg, kid and typ is refused', async (t) => {
  const gateway = await edge(t)
  const { key, issuer } = gateway
  const headers = { authorization: `Bearer ${forged(gateway, {})}` }
  t.equal((await gateway.call('/closed', { headers })).status, 200, 'the others differ in it alone')
  // After the cooldown for unknown kids, which would otherwise delay a fetch.
  gateway.clock.advance(10_000)
  for (const header of [
    ...types.map((typ) => ({ typ })),
    { crit: ['exp'] },
    { crit: [] },
    { crit: null },
    { crit: ['b64'], b64: false },
    { b64: false },
    { cty: 'JWT' },
    { cty: 'at+jwt' },
    { zip: 'DEF' },
    { enc: 'A128GCM' },
    { jku: issuer.url },
    { x5u: issuer.url },
    { jwk: key.jwk },
    { x5c: ['MIIB'] },
    { x5t: 'A' },
    ...[undefined, null, '', 7, true, [key.kid], { kid: key.kid }].map((kid) => ({ kid })),
    ...[129, 5000, 10_000].map((length) => ({ kid: 'x'.repeat(length) }))
  ]) {
    await isRefusedTwice(t, gateway, forged(gateway, header), JSON.stringify(header).slice(0, 60))
  }
  t.equal(issuer.fetches, 1, 'nothing was fetched but the key set at the start')
})

t.test('a kid is only a name in the key set, never a path, query or address', async (t) => {
  const gateway = await edge(t)
  const { key, issuer } = gateway
  gateway.clock.advance(10_000)
  for (const kid of [
    '../../../dev/null',
    '/etc/passwd',
    "' OR '1'='1",
    '; cat /etc/passwd',
    '__proto__',
    `${key.kid}\u0000`,
    ` ${key.kid}`,
    key.kid.toUpperCase(),
    'constructor',
    'toString',
    issuer.url,
    gateway.upstream.url,
    'file:///etc/passwd',
    'x'.repeat(128)
  ]) {
    await isRefusedTwice(t, gateway, forged(gateway, { kid }), JSON.stringify(kid))
  }
  t.equal(issuer.fetches, 3, 'the key set was fetched twice more, and nothing else')
})
