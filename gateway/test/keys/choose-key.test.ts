import t from 'tap'
import { chooseKey } from '../../src/keys/choose-key.ts'
import { readKeySet } from '../../src/keys/key-sets/key-set.ts'
import { forAlgorithm, newKey } from '../fixtures/issuer.ts'

const es = newKey('ES256', 'es')
const rs = newKey('RS256', 'rs')
const ps = forAlgorithm(rs, 'PS256', 'ps')
const otherRs = newKey('RS256')
const nameless = (key: typeof es) => ({ ...key.jwk, kid: undefined })

/** The kid of the chosen key, or 'nameless' if it has none; undefined if no key is chosen. */
function chosen(keys: object[], ...wanted: [string | null, Parameters<typeof chooseKey>[2]]) {
  const set = readKeySet(JSON.stringify({ keys }), 'any')
  if (set === null) throw new Error('no key set')
  const key = chooseKey(set, ...wanted)
  return key === null ? undefined : (key.kid ?? 'nameless')
}

t.test('a kid selects the key of that name, whatever the algorithm of the token', async (t) => {
  const keys = [es.jwk, rs.jwk, ps.jwk]
  t.equal(chosen(keys, 'rs', 'RS256'), 'rs')
  t.equal(chosen(keys, 'rs', 'ES256'), 'rs', 'which the verifier refuses, without another fetch')
  t.equal(chosen(keys, 'other', 'RS256'), undefined)
  const twins = [rs.jwk, { ...es.jwk, kid: 'rs' }]
  t.equal(chosen(twins, 'rs', 'ES256'), 'rs', 'of two kinds of one name, the one that can')
})

t.test('without a kid, the only key that can check the token is selected', async (t) => {
  t.equal(chosen([es.jwk, rs.jwk], null, 'RS256'), 'rs')
  t.equal(chosen([rs.jwk, ps.jwk], null, 'PS256'), 'ps')
  t.equal(chosen([es.jwk], null, 'RS256'), undefined, 'no key has this algorithm')
  t.equal(chosen([rs.jwk, otherRs.jwk], null, 'RS256'), undefined, 'there are two')
  t.equal(chosen([nameless(rs), nameless(es)], null, 'RS256'), 'nameless')
})

t.test('a kid may select the only key without one, and never a key of another name', async (t) => {
  t.equal(chosen([nameless(rs), es.jwk], 'other', 'RS256'), 'nameless')
  t.equal(chosen([nameless(rs), es.jwk], 'other', 'ES256'), undefined)
  const two = [nameless(rs), nameless(otherRs)]
  t.equal(chosen(two, 'other', 'RS256'), undefined)
})
