import {
  REFRESH_TOKEN_BYTES,
  REFRESH_TOKEN_VERSION
} from '@gatehouse/access-token/refresh-token-form'
import t from 'tap'
import { forwardedCredentials } from '../../src/stages/stamp/forwarded-credentials.ts'

const issuers = { find: (issuer: string) => (issuer === 'ours' ? ({} as never) : undefined) }
const base64 = (text: string) => Buffer.from(text).toString('base64')
const base64url = (text: string) => Buffer.from(text).toString('base64url')
const passed = (authorization: string) =>
  forwardedCredentials(
    { authorization, websocket: null, ownCookies: [], headers: {} },
    { credentials: ['authorization'] },
    null,
    issuers
  ).authorization ?? null

const jwtOf = (claims: string) =>
  `${base64url('{"alg":"ES256"}')}.${base64url(claims)}.c2lnbmF0dXJl`

t.test('the credentials of other systems are passed on as they are', async (t) => {
  const disclosures = Array.from({ length: 60 }, (_, n) => base64url(`["salt-${n}","name",${n}]`))
  for (const value of [
    `Basic ${base64('user:password')}`,
    `Bearer ${jwtOf('{"iss":"theirs","sub":"a"}')}`,
    `Bearer ${jwtOf('{"iss":"theirs"}')}~${disclosures.join('~')}~`,
    `Token token="${'a'.repeat(64)}"`,
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
    `Negotiate ${base64('x'.repeat(6000))}`
  ]) {
    t.equal(passed(value), value)
  }
})

t.test('a token of a trusted issuer is not passed on, however it is written', async (t) => {
  for (const claims of ['{"iss":"ours"}', ' \r\n\t{ "iss" : "ours" }', '{"\\u0069ss":"ours"}']) {
    const token = jwtOf(claims)
    for (const value of [
      `Bearer ${token}`,
      `Basic ${base64(`user:${token}`)}`,
      `Digest a="${'b'.repeat(40)}", token="${token}"`
    ]) {
      t.equal(passed(value), null, value)
    }
  }
})

t.test('a refresh token of our auth service is not passed on, however it is written', async (t) => {
  const bytes = Buffer.alloc(REFRESH_TOKEN_BYTES, 0xee)
  bytes[0] = REFRESH_TOKEN_VERSION
  const token = bytes.toString('base64url')
  for (const value of [
    `Bearer ${token}`,
    `Token token="${token}"`,
    `Basic ${base64(`user:${token}`)}`,
    token
  ]) {
    t.equal(passed(value), null, value)
  }
  t.equal(passed(`Bearer ${token.slice(1)}`), `Bearer ${token.slice(1)}`, 'which it is not')
})

t.test('the gateway reads a few parts of a hostile value, and does not pass it on', async (t) => {
  const parses = t.capture(JSON, 'parse', JSON.parse)
  const object = base64url('{"iss":x}"iss"')
  for (const value of [
    `x ${`${'A'.repeat(15)}+`.repeat(930)}`,
    `x ${`${'e'.repeat(15)}+`.repeat(930)}`,
    `x ${`${object}.`.repeat(700)}`,
    `x ${`${object}.`.repeat(100)}`,
    `Basic ${base64(`${object} `.repeat(500))}`
  ]) {
    t.equal(passed(value), null)
    t.ok(parses().length <= 16, value.slice(0, 30))
  }
})
