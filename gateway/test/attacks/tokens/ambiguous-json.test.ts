import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { goodClaims, headerOf, signature } from '../../fixtures/issuer.ts'
import { isRefusedTwice } from '../fixtures/is-refused.ts'
import { head, provoke } from '../fixtures/raw-request.ts'

/** Texts that parsers read differently, or that no issuer writes. */
const oddJson: Record<string, (text: string) => string | Buffer> = {
  'a byte order mark': (text) => `\ufeff${text}`,
  'invalid UTF-8': (text) =>
    Buffer.concat([
      Buffer.from(`${text.slice(0, -1)},"x":"`),
      Buffer.from([0xff]),
      Buffer.from('"}')
    ]),
  'an overlong slash': (text) =>
    Buffer.concat([
      Buffer.from(`${text.slice(0, -1)},"x":"`),
      Buffer.from([0xc0, 0xaf]),
      Buffer.from('"}')
    ]),
  'UTF-16': (text) => Buffer.from(text, 'utf16le'),
  'bytes behind': (text) => `${text}x`,
  'a second object behind': (text) => `${text}{}`,
  'a NUL behind': (text) => `${text}\u0000`,
  'a list around': (text) => `[${text}]`,
  'a comma too many': (text) => `${text.slice(0, -1)},}`,
  'a comment': (text) => `/**/${text}`,
  'single quotes': (text) => text.replaceAll('"', "'"),
  nothing: () => '',
  null: () => 'null',
  'a string': (text) => JSON.stringify(text)
}

t.test('header and claims are strict JSON', async (t) => {
  const gateway = await edge(t)
  const { key } = gateway
  const header = JSON.stringify(headerOf(key))
  const claims = JSON.stringify(goodClaims(gateway.clock()))
  const sign = (header: string | Buffer, claims: string | Buffer) => {
    const input = [header, claims].map((text) => Buffer.from(text).toString('base64url')).join('.')
    return `${input}.${signature(input, key).toString('base64url')}`
  }
  const accepted = async (token: string, title: string) => {
    const headers = { authorization: `Bearer ${token}` }
    t.equal((await gateway.call('/closed', { headers })).status, 200, title)
  }
  await accepted(sign(header, claims), 'as it should be')
  for (const [title, spoil] of Object.entries(oddJson)) {
    await isRefusedTwice(t, gateway, sign(spoil(header), claims), `header: ${title}`)
    await isRefusedTwice(t, gateway, sign(header, spoil(claims)), `claims: ${title}`)
  }
  const more = (text: string, members: string) => `${text.slice(0, -1)},${members}}`
  for (const member of [
    '"sub":"admin"',
    '"sub":"user-1"',
    '"s\\u0075b":"admin"',
    '"roles":["admin"]'
  ]) {
    await isRefusedTwice(t, gateway, sign(header, more(claims, member)), `twice: ${member}`)
  }
  for (const member of ['"alg":"none"', `"kid":"${key.kid}"`, '"\\u0074yp":"at+jwt"']) {
    await isRefusedTwice(t, gateway, sign(more(header, member), claims), `twice: ${member}`)
  }
  const within = sign(header, more(claims, '"x":{"a":1,"a":2}'))
  await isRefusedTwice(t, gateway, within, 'twice, within a member that no check reads')
  const prototype = sign(header, more(claims, '"__proto__":{"a":1},"__proto__":{"a":2}'))
  await isRefusedTwice(t, gateway, prototype, 'twice __proto__')
  const deep = (levels: number) =>
    sign(header, more(claims, `"x":${'['.repeat(levels)}${']'.repeat(levels)}`))
  await accepted(deep(7), '8 levels with the claims themselves')
  await isRefusedTwice(t, gateway, deep(8), '9 levels')
  await isRefusedTwice(t, gateway, deep(2500), '2,500 levels')
  const authorization = `Authorization: Bearer ${deep(10_000)}`
  const { statuses } = await provoke(gateway, head('GET /closed HTTP/1.1', authorization))
  t.strictSame(statuses, [431], '10,000 levels are more than a header holds')
  t.equal(gateway.upstream.received.length, 2, 'the two good ones')
})
