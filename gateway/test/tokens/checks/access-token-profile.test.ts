import { anyText } from '@gatehouse/fixtures/any-text'
import { runs } from '@gatehouse/fixtures/generated'
import fc from 'fast-check'
import t from 'tap'
import { readAccessToken } from '../../../src/tokens/checks/access-token-profile.ts'
import { ownProfile } from '../../../src/tokens/checks/own-profile.ts'
import { AUDIENCE, goodClaims, headerOf, ISSUER, jwt, newKey } from '../../fixtures/issuer.ts'

const own = ownProfile({ issuer: ISSUER, audience: AUDIENCE })
const key = newKey()
const claims = goodClaims(1_800_000_000_000)
const good = jwt(headerOf(key), claims, key)
const read = (token: string) =>
  readAccessToken(token, (issuer) => (issuer === ISSUER ? own : undefined))
const flawOf = (token: string) => {
  const result = read(token)
  return 'flaw' in result ? result.flaw : null
}

t.test('a valid token is read with its key id, its algorithm and its claims', async (t) => {
  t.strictSame(read(good), {
    kid: key.kid,
    algorithm: 'ES256',
    profile: own,
    claims: {
      identity: {
        subject: 'user-1',
        session: 'session-1',
        client: 'gatehouse',
        roles: ['user'],
        scope: ['orders:read', 'orders:write'],
        email: 'ada@example.com',
        expiresAt: claims.exp
      },
      issuedAt: claims.iat,
      notBefore: claims.nbf,
      authenticatedAt: null,
      authenticationClass: null,
      rightsVersion: null,
      generation: null,
      delegation: null
    }
  })
})

t.test('every flaw has its own reason in the log', async (t) => {
  const { kid } = key
  const withHeader = (header: object) => jwt({ ...headerOf(key), ...header }, claims, key)
  const withClaims = (changes: object) => jwt(headerOf(key), { ...claims, ...changes }, key)
  const flaws: Record<string, [flaw: RegExp, tokens: string[]]> = {
    size: [/too long/, [`${good}${'A'.repeat(8192)}`]],
    segments: [
      /three base64url segments/,
      [
        '',
        '.',
        '../..',
        'a.b',
        `${good}.`,
        `.${good}`,
        `${good}=`,
        `${good}.a`,
        good.replace('.', ' .')
      ]
    ],
    header: [
      /header is not strict JSON/,
      [jwt('[]', claims, key), jwt('{"alg":1,"alg":1}', claims, key)]
    ],
    members: [
      /member that no access token has/,
      [withHeader({ crit: [] }), withHeader({ jku: 'x' })]
    ],
    typ: [/typ/, [withHeader({ typ: 'JWT' }), withHeader({ typ: undefined })]],
    kid: [
      /kid/,
      [withHeader({ kid: '' }), withHeader({ kid: 1 }), withHeader({ kid: 'x'.repeat(129) })]
    ],
    alg: [
      /alg/,
      [withHeader({ alg: 'none' }), withHeader({ alg: 'HS256' }), withHeader({ alg: [] })]
    ],
    claims: [/claims are not strict JSON/, [jwt(headerOf(key), '{"a":1,"a":2}', key)]],
    schema: [/do not fit their schema/, [withClaims({ exp: '1' }), withClaims({ sub: undefined })]],
    issuer: [/issuer .* is not accepted/, [withClaims({ iss: `${ISSUER}/` })]],
    audience: [/the audience or the actor is wrong/, [withClaims({ aud: ['a', 'b'] })]]
  }
  for (const [title, [flaw, tokens]] of Object.entries(flaws)) {
    for (const token of tokens) t.match(flawOf(token), flaw, `${title}: ${token.slice(0, 20)}`)
  }
  t.equal(flawOf(withHeader({ kid: 'x'.repeat(128) })), null, 'the longest kid')
  t.match(read(withClaims({ aud: ['a', AUDIENCE] })), { kid }, 'one of several audiences')
})

t.test('a machine client needs neither session nor e-mail', async (t) => {
  const { sid: _sid, email: _email, ...machine } = claims
  t.match(read(jwt(headerOf(key), machine, key)), {
    kid: key.kid,
    algorithm: 'ES256',
    claims: { identity: { subject: 'user-1', session: null, email: null } }
  })
})

const segments = good.split('.').map((part) => Buffer.from(part, 'base64url'))
const anyBytes = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))
const odd = fc.oneof(
  fc.constantFrom(null, '', 'none', 'at+jwt', 1e308, -1, [], {}, [ISSUER], true),
  fc.jsonValue({ maxDepth: 3 })
)
/** One of the valid token's objects with one member replaced, added or left out. */
const changed = (object: Record<string, unknown>) =>
  fc
    .tuple(fc.oneof(fc.constantFrom(...Object.keys(object)), fc.string()), fc.option(odd))
    .map(([name, value]) => {
      const { [name]: _, ...rest } = object
      return Buffer.from(JSON.stringify(value === null ? rest : { ...rest, [name]: value }))
    })
/** The valid text with one byte changed, or with some bytes inserted. */
const damaged = (bytes: Buffer) =>
  fc
    .tuple(fc.nat({ max: bytes.length }), anyBytes, fc.nat({ max: 2 }))
    .map(([at, more, cut]) =>
      Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at + cut)])
    )
const [headerBytes, claimBytes, signatureBytes] = segments
if (!headerBytes || !claimBytes || !signatureBytes) throw new Error('three segments')
const part = (own: Buffer, object: Record<string, unknown>) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(own) }, changed(object), damaged(own), anyBytes)
const spelt = (bytes: fc.Arbitrary<Buffer>) =>
  fc
    .tuple(
      bytes,
      fc.oneof({ weight: 9, arbitrary: fc.constant('') }, fc.constantFrom('=', 'A', ' ', '.'))
    )
    .map(([text, behind]) => {
      return `${text.toString('base64url')}${behind}`
    })
const hostile = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        spelt(part(headerBytes, headerOf(key))),
        spelt(part(claimBytes, claims)),
        spelt(fc.oneof(fc.constant(signatureBytes), anyBytes))
      )
      .map((parts) => parts.join('.'))
  },
  damaged(Buffer.from(good)).map((bytes) => bytes.toString('latin1')),
  anyText()
)

t.test(
  'no bytes break the reader, and whatever it takes has one spelling and one meaning',
  async (t) => {
    let taken = 0
    const oneMeaning = fc.property(hostile, (token) => {
      const result = read(token)
      if ('flaw' in result) return true
      taken += 1
      const parts = token.split('.')
      const respelt = parts.map((text) => Buffer.from(text, 'base64url').toString('base64url'))
      const [header, payload] = parts.map((text) => Buffer.from(text, 'base64url').toString())
      const { alg, kid, typ, ...others } = JSON.parse(header ?? '')
      const said = JSON.parse(payload ?? '')
      return (
        parts.length === 3 &&
        respelt.join('.') === token &&
        typ === 'at+jwt' &&
        kid === result.kid &&
        alg === result.algorithm &&
        Object.keys(others).length === 0 &&
        said.iss === ISSUER &&
        [said.aud].flat().includes(AUDIENCE) &&
        result.claims.identity.subject === said.sub &&
        result.claims.identity.expiresAt === said.exp &&
        result.claims.notBefore === Math.max(said.nbf, said.iat) &&
        result.claims.issuedAt === said.iat &&
        [said.exp, said.nbf, said.iat].every(Number.isSafeInteger)
      )
    })
    const { counterexample } = fc.check(oneMeaning, runs(20_000))
    t.equal(counterexample, null)
    t.ok(taken > 500, `${taken} were taken`)
  }
)
