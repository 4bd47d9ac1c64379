import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import t from 'tap'
import { type Edge, edge } from '../../fixtures/edge.ts'
import { goodClaims, headerOf, type IssuerKey, jwt, newKey } from '../../fixtures/issuer.ts'

const says =
  (body: unknown, status = 200): RequestListener =>
  (_request, response) => {
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
  }
const presents = async (gateway: Edge, key: IssuerKey) => {
  const token = jwt(headerOf(key), goodClaims(gateway.clock()), key)
  return (await gateway.call('/closed', { headers: { authorization: `Bearer ${token}` } })).status
}
const intruder = newKey()
const privateJwk = (kid: string) => ({
  ...intruder.privateKey.export({ format: 'jwk' }),
  kid,
  use: 'sig',
  alg: 'ES256'
})
const secret = { kty: 'oct', k: Buffer.from('secret').toString('base64url'), alg: 'HS256' }

/** Responses without a usable key. */
const useless: Record<string, RequestListener> = {
  500: says({ keys: [intruder.jwk] }, 500),
  404: says({ keys: [intruder.jwk] }, 404),
  'nothing at all': says(''),
  garbage: says('<html>'),
  'half a document': says(JSON.stringify({ keys: [intruder.jwk] }).slice(0, -2)),
  'a document and a half': says(`${JSON.stringify({ keys: [intruder.jwk] })}{`),
  null: says('null'),
  'a list': says([intruder.jwk]),
  'a key instead of a set': says(intruder.jwk),
  'no keys': says({ keys: [] }),
  'keys that are not a list': says({ keys: { 0: intruder.jwk } }),
  'keys that are not keys': says({ keys: [null, 1, 'key', [], {}] }),
  'a shared secret': says({ keys: [{ ...secret, kid: intruder.kid, use: 'sig' }] }),
  'a private key': says({ keys: [privateJwk(intruder.kid)] }),
  'a key for encryption': says({ keys: [{ ...intruder.jwk, use: 'enc' }] }),
  'a key of another algorithm': says({ keys: [{ ...intruder.jwk, alg: 'HS256' }] }),
  'a kid that is a number': says({ keys: [{ ...intruder.jwk, kid: 1 }] }),
  'one kid, two keys': says({ keys: [intruder.jwk, { ...newKey().jwk, kid: intruder.kid }] }),
  'a point that is not on the curve': says({ keys: [{ ...intruder.jwk, y: intruder.jwk.x }] }),
  '300 kB': says({ keys: [intruder.jwk], padding: ' '.repeat(300_000) }),
  'a body without an end': (_request, response) => {
    const more = () => {
      while (response.write(' '.repeat(16_384)));
    }
    response.on('drain', more).on('error', () => {})
    more()
  },
  'a connection that is cut': (_request, response) => {
    response.writeHead(200, { 'content-length': '100000' }).write('{"keys":[')
    response.socket?.end()
  },
  'a redirect': (_request, response) => {
    response
      .writeHead(302, { location: '/elsewhere' })
      .end(JSON.stringify({ keys: [intruder.jwk] }))
  }
}

t.test('a response that is not a key set does not replace the last good one', async (t) => {
  const gateway = await edge(t)
  const { version } = gateway.keys
  for (const [title, answer] of Object.entries(useless)) {
    gateway.issuer.answer = answer
    const fetches = gateway.issuer.fetches
    t.equal(await gateway.keys.refresh(), false, title)
    t.equal(gateway.issuer.fetches, fetches + 1, `${title}: one request, to this issuer only`)
    t.equal(gateway.keys.version, version, `${title}: the set is as it was`)
    t.equal(await presents(gateway, gateway.key), 200, `${title}: its keys still count`)
    // The issuer has not said which other keys exist.
    t.equal(await presents(gateway, intruder), 503, `${title}: no other key is accepted`)
  }
})

t.test('the valid keys of a set with invalid ones are used', async (t) => {
  const gateway = await edge(t)
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
  // With the exponent 1, a signature equals its message, so anyone can create one.
  const exponentOne = { ...newKey('RS256').jwk, kid: 'e-one', e: 'AQ' }
  const bad = [
    { ...weak.publicKey.export({ format: 'jwk' }), kid: 'weak', use: 'sig', alg: 'RS256' },
    { ...secret, kid: 'secret', use: 'sig' },
    { ...secret, kid: gateway.key.kid, use: 'sig' },
    { ...intruder.jwk, kid: 'encryption', use: 'enc' },
    privateJwk('private'),
    ...[1, 2].map(() => ({ ...newKey().jwk, kid: 'twice' })),
    exponentOne,
    // By the equation alone, anyone can sign for a point of small order.
    { ...newKey('EdDSA').jwk, kid: 'small-order', x: 'A'.repeat(43) }
  ]
  const other = newKey('EdDSA', randomUUID())
  gateway.issuer.answer = says({ keys: [...bad, gateway.key.jwk, other.jwk] })
  t.equal(await gateway.keys.refresh(), true)

  t.equal(await presents(gateway, gateway.key), 200)
  t.equal(await presents(gateway, other), 200, 'a new one counts at once')
  for (const { kid } of bad.filter(({ kid }) => kid !== gateway.key.kid)) {
    t.equal(await gateway.keys.find(String(kid), 'ES256'), null, `${kid} is not a key`)
  }
  t.equal(
    await presents(gateway, { ...intruder, kid: 'private' }),
    401,
    'its signature is not good'
  )
})
