import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { type KeySetForm, readKeySet } from '../../../src/keys/key-sets/key-set.ts'
import { newKey } from '../../fixtures/issuer.ts'

const readAs = (form: KeySetForm, ...keys: unknown[]) => readKeySet(JSON.stringify({ keys }), form)
const read = (...keys: unknown[]) => readAs('own', ...keys)
const kidsAs = (form: KeySetForm, ...keys: unknown[]) =>
  (readAs(form, ...keys)?.keys ?? []).map(({ kid }) => kid)
const kids = (...keys: unknown[]) => kidsAs('own', ...keys)
/** The algorithms that the keys of a set can check. */
const algorithmsAs = (form: KeySetForm, ...keys: unknown[]) =>
  (readAs(form, ...keys)?.keys ?? []).map(({ algorithms }) => algorithms)
const es = newKey('ES256', 'es')
const ed = newKey('EdDSA', 'ed')
const rs = newKey('RS256', 'rs')
const good = newKey('ES256', 'good')
const rsa = (modulusLength: number, publicExponent = 65537) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({ format: 'jwk' })
const ec = (namedCurve: string) =>
  generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' })

t.test('a key is read with its kid, its algorithm and its public key', async (t) => {
  const set = read(es.jwk, ed.jwk, rs.jwk)
  for (const { kid, algorithm, publicKey } of [es, ed, rs]) {
    const key = set?.keys.find((one) => one.kid === kid)
    t.match(key, { kid, algorithms: [algorithm] })
    t.ok(createPublicKey(key?.pem ?? '').equals(publicKey), `${kid}: the very key`)
  }
})

t.test('alg may be absent, but must not contradict the key', async (t) => {
  const { alg: _, ...silent } = es.jwk
  t.strictSame(algorithmsAs('own', silent), [['ES256']])
  const { alg: _alg, ...silentRsa } = rs.jwk
  t.strictSame(algorithmsAs('own', silentRsa), [['RS256']], 'ours sign with RS256')
  for (const alg of ['RS256', 'ES384', 'HS256', 'none', '', null, ['ES256']]) {
    t.equal(read({ ...es.jwk, alg }), null, JSON.stringify(alg))
  }
})

t.test('only the keys that are not for this use are left out', async (t) => {
  const { use: _, ...useless } = es.jwk
  const unusable: Record<string, unknown> = {
    'no use': useless,
    'another use': { ...es.jwk, use: 'enc' },
    'no kid': { ...es.jwk, kid: undefined },
    'an empty kid': { ...es.jwk, kid: '' },
    'a kid that is not text': { ...es.jwk, kid: 7 },
    'a shared secret': { kty: 'oct', k: 'c2VjcmV0', kid: 'oct', use: 'sig' },
    'another kind': { ...es.jwk, kty: 'AKP' },
    'another curve': { ...ec('P-384'), kid: 'p384', use: 'sig' },
    'a curve that is not one': { ...es.jwk, crv: 'P-257' },
    Ed448: { ...ed.jwk, crv: 'Ed448' },
    'a key for agreement': { ...ed.jwk, crv: 'X25519' },
    'half a point': { ...es.jwk, y: undefined },
    'no point of the curve': { ...es.jwk, y: es.jwk.x },
    'a short RSA key': { ...rsa(1024), kid: 'short', use: 'sig' },
    'a small exponent': { ...rsa(2048, 3), kid: 'three', use: 'sig' },
    'the exponent one': { ...rs.jwk, e: 'AQ' },
    'an exponent that makes each check slow': { ...rs.jwk, e: rs.jwk.n },
    'an exponent of 33 bits': { ...rs.jwk, e: 'AQAAAAE' },
    'an even exponent': { ...rs.jwk, e: 'AQAC' },
    'a modulus of 8,200 bits': { ...rs.jwk, n: `_${'x'.repeat(1365)}_w` },
    null: null,
    'no object': 'key',
    'a list': [es.jwk]
  }
  for (const [title, jwk] of Object.entries(unusable)) {
    t.equal(read(jwk), null, `${title}, alone`)
    t.strictSame(kids(good.jwk, jwk), ['good'], title)
  }
})

t.test('a key with a private part is left out', async (t) => {
  const full = es.privateKey.export({ format: 'jwk' })
  t.equal(read({ ...full, kid: 'es', use: 'sig' }), null)
  for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) {
    t.equal(read({ ...rs.jwk, [member]: 'AQAB' }), null, member)
  }
})

t.test('a key whose kid occurs twice is ignored', async (t) => {
  const twin = newKey('EdDSA', 'es')
  t.strictSame(kids(es.jwk, twin.jwk, rs.jwk), ['rs'])
  t.strictSame(kids(es.jwk, es.jwk, es.jwk, rs.jwk), ['rs'], 'not even the same')
  t.strictSame(
    kids({ ...twin.jwk, use: 'enc' }, es.jwk),
    ['es'],
    'a key for another use does not conflict'
  )
})

t.test('a document that is not a key set is rejected', async (t) => {
  for (const text of ['', '{', 'null', '1', '"keys"', '[]', '{}', '{"keys":{}}', '{"keys":[]}']) {
    t.equal(readKeySet(text, 'any'), null, text)
  }
})

t.test('a document with more keys than any issuer publishes is rejected', async (t) => {
  const keys = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ ...es.jwk, kid: `${n}` }))
  t.equal(readAs('any', ...keys(100))?.keys.length, 100)
  t.equal(readAs('any', ...keys(101)), null)
})

t.test('the version of a key set depends only on its keys, not on their order', async (t) => {
  const { version } = read(es.jwk, rs.jwk) ?? {}
  t.match(version, /^[\w-]{16}$/)
  t.equal(read(rs.jwk, es.jwk)?.version, version)
  t.equal(
    read(rs.jwk, es.jwk, { kty: 'oct', kid: 'x' })?.version,
    version,
    'unusable keys are none'
  )
  t.equal(read({ ...rs.jwk, note: 'x' }, es.jwk)?.version, version)
  t.not(read(es.jwk)?.version, version)
  t.not(read(es.jwk, newKey('RS256', 'rs').jwk)?.version, version, 'another key, the same kid')
  t.not(read(es.jwk, { ...rs.jwk, kid: 'rs2' })?.version, version, 'the same key, another kid')
})

t.test(
  'in a set of another issuer, use, alg and kid are optional, and must fit if present',
  async (t) => {
    const any = (key: typeof rs, changes: object) =>
      algorithmsAs('any', { ...key.jwk, use: undefined, alg: undefined, ...changes }).flat()
    const rsaAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
    t.strictSame(any(rs, {}), rsaAlgorithms.toSorted())
    t.strictSame(any(rs, { alg: 'PS384' }), ['PS384'])
    t.strictSame(any(rs, { use: 'sig', alg: null, kid: null }), rsaAlgorithms.toSorted())
    t.strictSame(any(rs, { key_ops: ['verify'] }), rsaAlgorithms.toSorted())
    for (const alg of ['EdDSA', 'Ed25519', undefined]) {
      t.strictSame(any(ed, { alg }), ['Ed25519', 'EdDSA'].toSorted(), `two names of one: ${alg}`)
    }
    const curves = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' }
    for (const [curve, algorithm] of Object.entries(curves)) {
      t.strictSame(algorithmsAs('any', ec(curve)), [[algorithm]], curve)
      for (const other of Object.values(curves).filter((one) => one !== algorithm)) {
        t.strictSame(algorithmsAs('any', { ...ec(curve), alg: other }), [], `${other} on ${curve}`)
      }
    }
    const refused: object[] = [
      { use: 'enc' },
      { use: '' },
      { alg: 'RSA-OAEP' },
      { alg: 'HS256' },
      { alg: 'none' },
      { alg: 'ES256' },
      { alg: 'rs256' },
      { alg: ['RS256'] },
      { key_ops: ['wrapKey'] },
      { kid: 7 },
      { d: 'AQAB' },
      { e: 'AQ' },
      rsa(1024),
      rsa(2048, 3)
    ]
    for (const changes of refused) t.strictSame(any(rs, changes), [], JSON.stringify(changes))
    t.strictSame(algorithmsAs('any', { ...ec('secp256k1') }), [], 'a curve of no algorithm')
  }
)

t.test('keys of another issuer that their kid does not distinguish are left out', async (t) => {
  const of = (key: typeof rs, changes: object = {}) => ({ ...key.jwk, kid: 'one', ...changes })
  const other = newKey('RS256')
  t.strictSame(kidsAs('any', of(rs), of(other), of(ed)), ['one'], 'the one of another kind stays')
  t.strictSame(kidsAs('any', of(rs), of(other, { alg: undefined })), [], 'either could be meant')
  t.strictSame(
    algorithmsAs('any', of(rs), of(rs, { alg: 'PS256' })),
    [['PS256', 'RS256']],
    'a key that is published once for each algorithm is one key'
  )
  t.strictSame(kidsAs('any', of(rs, { kid: '' }), of(other, { kid: undefined })), [null, null])
})
