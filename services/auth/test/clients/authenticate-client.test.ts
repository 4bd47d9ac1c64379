import t, { type Test } from 'tap'
import { assertionAlgorithms } from '../../src/clients/client-keys.ts'
import { ISSUER } from '../fixtures/auth-config.ts'
import { type AuthUnderTest, audited, authService } from '../fixtures/auth-service.ts'
import { capturedLog } from '../fixtures/captured-log.ts'
import { source } from '../fixtures/families/family-steps.ts'
import {
  asserted,
  assertion,
  basic,
  clientKey,
  clientWithKeys,
  clientWithSecret,
  type Form,
  operator,
  postForm
} from '../fixtures/oauth/oauth-client.ts'
import { isOAuthError } from '../fixtures/oauth/oauth-error.ts'

const grant = { grant_type: 'client_credentials' }
const ask = (auth: AuthUnderTest, form: Form = {}, headers = {}) =>
  postForm(auth, '/oauth/token', { ...grant, ...form }, headers)

/** Asserts that the client is refused as `invalid_client`, and that the audit log says so. */
async function isDisbelieved(
  t: Test,
  auth: AuthUnderTest,
  title: string,
  form: Form,
  headers = {}
) {
  const before = (await audited(auth)).length
  isOAuthError(t, await ask(auth, form, headers), 401, 'invalid_client', title)
  const told = (await audited(auth)).slice(before)
  t.strictSame(
    told.map(({ kind }) => kind),
    ['client-authentication-failed'],
    `${title}: audited`
  )
  return told[0]
}

t.test('a client authenticates by the method with which it is registered', async (t) => {
  const auth = await authService(t)
  const inHeader = await clientWithSecret(auth, 'client_secret_basic')
  const inForm = await clientWithSecret(auth, 'client_secret_post')
  t.equal((await ask(auth, {}, inHeader.authorized)).statusCode, 200)
  const named = { client_id: inHeader.id }
  t.equal((await ask(auth, named, inHeader.authorized)).statusCode, 200, 'and may name itself')
  const form = { client_id: inForm.id, client_secret: inForm.secret }
  t.equal((await ask(auth, form)).statusCode, 200)
  for (const alg of assertionAlgorithms) {
    const key = clientKey(alg)
    const id = await clientWithKeys(auth, [key])
    t.equal((await ask(auth, asserted(await assertion(auth, id, key)))).statusCode, 200, alg)
  }
})

t.test(
  'the halves of Basic are form-encoded (RFC 6749 §2.3.1), its scheme has no case',
  async (t) => {
    const auth = await authService(t)
    const { id, secret } = await clientWithSecret(auth)
    const send = (text: string, scheme = 'Basic') =>
      ask(auth, {}, { authorization: `${scheme} ${Buffer.from(text).toString('base64')}` })
    const encoded = `${id.replaceAll('-', '%2D')}:${secret.replace('_', '%5f')}`
    t.equal((await send(encoded)).statusCode, 200)
    t.equal((await send(`${id}:${secret}`, 'bAsIc')).statusCode, 200)
  }
)

t.test('every failed authentication gets the same response', async (t) => {
  const auth = await authService(t)
  const { id, secret, authorized } = await clientWithSecret(auth)
  const other = await clientWithSecret(auth)
  const gone = await clientWithSecret(auth)
  await operator(auth).disable(gone.id, source)
  const raw = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
  const wrong: Record<string, Record<string, string>> = {
    'an unknown client': basic('00000000-0000-4000-8000-000000000000', secret),
    'an id that is none': basic('gatehouse', secret),
    'an id with NUL in it': raw(`${id}\0:${secret}`),
    'an id in capitals': basic(id.toUpperCase(), secret),
    "another client's secret": basic(id, other.secret),
    'a secret that is cut short': basic(id, secret.slice(0, -1)),
    'a secret with more behind': basic(id, `${secret}x`),
    'no secret': raw(`${id}:`),
    'no id': raw(`:${secret}`),
    'no colon': raw(id),
    nothing: { authorization: 'Basic' },
    'a disabled client': gone.authorized,
    'bytes that are not text': {
      authorization: `Basic ${Buffer.from([0xff, 0x3a, 0xff]).toString('base64')}`
    },
    'a broken encoding': raw(`${id}:%zz`),
    'another scheme': { authorization: authorized.authorization.replace('Basic', 'Bearer') },
    'two in one': { authorization: `${authorized.authorization}, ${authorized.authorization}` }
  }
  const words = new Set<string>()
  for (const [title, headers] of Object.entries(wrong)) {
    const told = await isDisbelieved(t, auth, title, {}, headers)
    if (title === "another client's secret") t.equal(told?.subject, id, 'the log says whose')
    words.add((await ask(auth, {}, headers)).body)
  }
  t.equal(words.size, 1, 'in the very same words')
  t.notMatch(JSON.stringify(await audited(auth)), /ghs_/, 'and no secret is in the log')
})

t.test('an invalid assertion does not authenticate', async (t) => {
  const auth = await authService(t)
  const [key, rsa, other] = [clientKey('ES256', 'a'), clientKey('RS256', 'b'), clientKey('ES256')]
  const id = await clientWithKeys(auth, [key, rsa])
  const twin = clientKey('ES256', 'c')
  const twins = await clientWithKeys(auth, [twin, clientKey('ES256', 'd')])
  const someone = await clientWithKeys(auth, [other])
  const now = auth.clock() / 1000
  const make = (claims = {}, header = {}, by = key) =>
    assertion(auth, id, by, claims, { kid: by.jwk.kid, ...header })
  const pss = { ...rsa, alg: 'PS256' as const }
  const wrong: Record<string, string> = {
    garbled: 'x.y.z',
    'no JWT': 'x',
    "another client's key": await make({}, { kid: 'a' }, other),
    'a key that is not named, of two': await assertion(auth, twins, twin),
    'an unknown kid': await make({}, { kid: 'unknown' }),
    'another algorithm of the same key': await make({}, {}, pss),
    'another typ': await make({}, { typ: 'at+jwt' }),
    'a typ that is not text': await make({}, { typ: 7 }),
    'an unknown critical member': await make({}, { crit: ['x'], x: 1 }).catch(() => 'x'),
    'another issuer': await make({ iss: someone }),
    'no issuer': await make({ iss: undefined }),
    'another subject': await make({ sub: someone }),
    'a subject in a list': await make({ sub: [id] }),
    'a subject in a list of lists': await make({ sub: [[id]] }),
    'a subject that cannot be a text': await make({ sub: { toString: null } }),
    'another audience': await make({ aud: 'https://other.example' }),
    'the revocation endpoint as audience': await make({ aud: `${ISSUER}/oauth/revoke` }),
    'several audiences': await make({ aud: [ISSUER, 'https://other.example'] }),
    'no audience': await make({ aud: undefined }),
    'no end': await make({ exp: undefined }),
    'an end that is not a number': await make({ exp: '9999999999' }),
    'an end that is over': await make({ exp: now - 5 }),
    'an end that is far': await make({ exp: now + 306 }),
    'a beginning that is to come': await make({ nbf: now + 6 }),
    'made in the future': await make({ iat: now + 6 }),
    'no id': await make({ jti: undefined }),
    'an empty id': await make({ jti: '' }),
    'an id that is a number': await make({ jti: 7 }),
    'a long id': await make({ jti: 'x'.repeat(256) }),
    'no signature': (await make()).replace(/[^.]+$/, ''),
    'another signature': (await make()).replace(/[^.]{8}$/, 'AAAAAAAA')
  }
  for (const [title, jwt] of Object.entries(wrong)) {
    await isDisbelieved(t, auth, title, asserted(jwt))
  }
  const good = [
    await make({ exp: now + 300 }),
    await make({ aud: `${ISSUER}/oauth/token` }),
    await make({ aud: [ISSUER] }),
    await make({}, { typ: 'JWT' }),
    await make({}, { typ: 'client-authentication+jwt' }),
    await make({}, {}, rsa),
    await assertion(auth, id, key),
    await make({ jti: 'with \u0000 and \ud83d\ude00 in it' })
  ]
  for (const jwt of good) t.equal((await ask(auth, asserted(jwt))).statusCode, 200)
})

t.test('an assertion without its type or with another client_id gets 400', async (t) => {
  const auth = await authService(t)
  const key = clientKey()
  const id = await clientWithKeys(auth, [key])
  const other = await clientWithKeys(auth, [key])
  const parts = asserted(await assertion(auth, id, key))
  const { client_assertion: jwt = '', client_assertion_type: type = '' } = parts
  const malformed: Form[] = [
    { client_assertion: jwt },
    { client_assertion_type: type },
    {
      client_assertion: jwt,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'
    },
    { ...parts, client_id: other }
  ]
  for (const form of malformed) isOAuthError(t, await ask(auth, form), 400, 'invalid_request')
  t.equal((await ask(auth, { ...parts, client_id: id })).statusCode, 200, 'it was not used up')
})

t.test('the reason of a failed client authentication is in the log only', async (t) => {
  const { log, text } = capturedLog(t)
  const auth = await authService(t, { log })
  const { id } = await clientWithSecret(auth)
  const answer = await ask(auth, {}, basic(id, 'wrong'))
  t.match(text(), /the secret is wrong/)
  t.notMatch(answer.body, /secret/)
})
