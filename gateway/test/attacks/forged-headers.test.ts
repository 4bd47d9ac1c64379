import t from 'tap'
import { edge } from '../fixtures/edge.ts'
import { goodClaims, headerOf, jwt } from '../fixtures/issuer.ts'
import { isRefusedTwice } from './fixtures/is-refused.ts'

t.test('a header says alg, kid and typ, and nothing else', async (t) => {
  const gateway = await edge(t)
  const { key, issuer } = gateway
  const fetches = issuer.fetches
  const forged = (header: object) =>
    jwt({ ...headerOf(key), ...header }, goodClaims(gateway.clock()), key)
  const oddHeaders = [
    ...['JWT', 'jwt', 'at+JWT', 'application/at+jwt', '', undefined, null, ['at+jwt']].map(
      (typ) => ({ typ })
    ),
    ...['gatehouse-assertion+jwt', 'JWE', 'logout+jwt', 'dpop+jwt'].map((typ) => ({ typ })),
    ...[
      { crit: ['exp'] },
      { crit: [] },
      { crit: null },
      { crit: ['b64'], b64: false },
      { b64: false }
    ],
    ...[{ cty: 'JWT' }, { cty: 'at+jwt' }, { zip: 'DEF' }, { enc: 'A128GCM' }],
    ...[
      { jku: issuer.url },
      { x5u: issuer.url },
      { jwk: key.jwk },
      { x5c: ['MIIB'] },
      { x5t: 'AA' }
    ],
    ...[undefined, null, '', 7, true, [key.kid], { kid: key.kid }].map((kid) => ({ kid })),
    ...['../../../dev/null', '/etc/passwd', "' OR '1'='1", '; cat /etc/passwd', '__proto__'].map(
      (kid) => ({ kid })
    ),
    ...[`${key.kid}\u0000`, ` ${key.kid}`, key.kid.toUpperCase(), issuer.url, 'constructor'].map(
      (kid) => ({ kid })
    ),
    ...['x'.repeat(129), 'x'.repeat(5000), 'x'.repeat(10_000)].map((kid) => ({ kid }))
  ]
  for (const header of oddHeaders) {
    await isRefusedTwice(t, gateway, forged(header), JSON.stringify(header).slice(0, 60))
  }
  const headers = { authorization: `Bearer ${forged({})}` }
  t.equal((await gateway.call('/closed', { headers })).status, 200, 'the others differ in it alone')
  t.equal(issuer.fetches, fetches, 'nothing was fetched')
})
