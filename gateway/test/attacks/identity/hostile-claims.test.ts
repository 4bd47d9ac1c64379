import type { Identity } from '@gatehouse/edge-headers/identity'
import { readIdentity } from '@gatehouse/edge-headers/testing/read-identity'
import { decodeJwt } from 'jose'
import t from 'tap'
import { edge } from '../../fixtures/edge.ts'

/**
 * Texts that an issuer may sign, and that would mean something else as the plain value of a header.
 */
const hostile: Record<string, string> = {
  'CR LF and a header': 'ada\r\nx-auth-roles: admin\r\n\r\nGET /open/smuggled HTTP/1.1',
  'a line feed': 'ada\nbob',
  'a carriage return': 'ada\rbob',
  NUL: 'ada\u0000bob',
  'every control': String.fromCharCode(...Array.from({ length: 32 }, (_, code) => code), 127),
  emoji: '👩‍🚀🏳️‍🌈',
  'right-to-left marks': '\u202eada\u202c\u200f\u2067',
  CJK: '山田太郎',
  'Latin-1': 'Zoë Müller',
  'line separators': 'a\u2028b\u2029c\u0085d',
  'a byte order mark': '\ufeffada',
  'two forms of é': '\u00e9 e\u0301',
  'spaces around': '   ada   ',
  'a tab': '\tada\t',
  'only a space': ' ',
  'percent signs': '100%25 %0d%0a %',
  'commas and semicolons': 'user,admin;root',
  quotes: '"admin" \\"',
  __proto__: '__proto__'
}
const VISIBLE = /^[\x21-\x7e]*$/

t.test('a service reads every claim exactly as it is in the token', async (t) => {
  const gateway = await edge(t)
  for (const [title, text] of Object.entries(hostile)) {
    const claims = {
      sub: text,
      sid: text,
      client_id: text,
      email: text,
      roles: [text, 'user', text],
      // A scope is split at spaces, as its syntax requires (RFC 6749 §3.3).
      scope: text.replaceAll(' ', '_')
    }
    const authorization = `Bearer ${gateway.token(claims)}`
    const answer = await gateway.call('/closed', { headers: { authorization } })
    t.equal(answer.status, 200, title)
    const received = gateway.upstream.received.at(-1)
    if (received === undefined) throw new Error(`${title}: nothing was forwarded`)
    const expected: Identity = {
      subject: text,
      session: text,
      client: text,
      email: text,
      roles: [text, 'user', text],
      scope: [claims.scope],
      expiresAt: gateway.clock() / 1000 + 300
    }
    t.strictSame(readIdentity(received.headers), expected, `${title}: as it was signed`)
    const { headers } = received
    for (const [name, value] of Object.entries(headers).filter(([name]) =>
      name.startsWith('x-auth-')
    )) {
      t.match(String(value).replaceAll(' ', ''), VISIBLE, `${title}: ${name} is visible ASCII`)
    }
    const { sub, roles } = decodeJwt(String(headers['x-auth-assertion']))
    t.strictSame(
      { sub, roles },
      { sub: text, roles: [text, 'user', text] },
      `${title}: and the assertion`
    )
  }
  t.equal(gateway.upstream.received.length, Object.keys(hostile).length, 'one request each')
})

t.test('an identity over the budget gets 500, and is never cut short', async (t) => {
  const gateway = await edge(t)
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => `role-number-${index}`)
  const large: Record<string, Record<string, unknown>> = {
    '300 roles': { roles: many(300) },
    'an e-mail of 5 kB': { email: `${'a'.repeat(5000)}@example.com` },
    'a scope of 4 kB': { scope: 's'.repeat(4096) },
    'an e-mail that grows threefold': { email: '\u0001'.repeat(500) + 'é'.repeat(1000) },
    'a role with 255 emoji': { roles: ['👩'.repeat(127), '👩'.repeat(127), '👩'.repeat(127)] }
  }
  for (const [title, claims] of Object.entries(large)) {
    const headers = { authorization: `Bearer ${gateway.token(claims)}` }
    for (const time of ['first', 'second']) {
      const answer = await gateway.call('/closed', { headers })
      t.equal(answer.status, 500, `${title}, ${time} time`)
      t.match(await answer.json(), { code: 'INTERNAL', retryable: false })
    }
    const open = await gateway.call('/open', { headers })
    t.equal(open.status, 200, `${title}: a public route does not look at it`)
  }
  t.notOk(
    gateway.upstream.received.some(({ target }) => target === '/closed'),
    'none of it has gone on'
  )
  const enormous = `Bearer ${gateway.token({ email: `${'a'.repeat(8150)}@example.com` })}`
  const refused = await gateway.call('/closed', { headers: { authorization: enormous } })
  t.equal(refused.status, 401, 'a token longer than any issued one is refused')
})

t.test('an identity just under the budget arrives completely', async (t) => {
  const gateway = await edge(t)
  const roles = Array.from({ length: 200 }, (_, index) => `role-number-${index}`)
  const headers = { authorization: `Bearer ${gateway.token({ roles })}` }
  t.equal((await gateway.call('/closed', { headers })).status, 200)
  t.equal(gateway.upstream.received[0]?.headers['x-auth-roles'], roles.join(','))
})
