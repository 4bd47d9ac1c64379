import t from 'tap'
import { claimsFault } from '../../src/accounts/account-claims.ts'
import { readClaimTemplate, templatedClaims } from '../../src/tokens/claim-template.ts'

t.test(
  'claims of an account are small JSON, under names that have no meaning in tokens',
  async (t) => {
    const good: Record<string, unknown>[] = [
      {},
      { tenant_id: 'acme', level: 3, 'is-vip': true, x: '\u0000é' },
      { teams: ['a', 'b'], limits: { a: { b: { c: 1 } } } },
      { constructor: 'x', note: 'x'.repeat(900) }
    ]
    for (const claims of good)
      t.equal(claimsFault(claims), null, JSON.stringify(claims).slice(0, 60))
    const bad: [Record<string, unknown>, RegExp][] = [
      [{ sub: 'x' }, /sub/],
      [{ ROLES: ['admin'] }, /ROLES/],
      [{ rights_version: 9 }, /rights_version/],
      [{ act: { sub: 'x' } }, /act/],
      [{ email_verified: true }, /email_verified/],
      [{ '': 1 }, /names/],
      [{ 'a b': 1 }, /names/],
      [{ 'https://example.com/x': 1 }, /names/],
      [JSON.parse('{"__proto__": 1}'), /names/],
      [{ ['x'.repeat(65)]: 1 }, /names/],
      [{ a: null }, /null/],
      [{ a: [null] }, /null/],
      [{ a: Number.NaN }, /numbers/],
      [{ a: { b: { c: { d: { e: 1 } } } } }, /deep/],
      [{ a: 'x'.repeat(1024) }, /1024 bytes/],
      [{ a: 'é'.repeat(512) }, /1024 bytes/],
      [Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`c${n}`, 1])), /32 claims/]
    ]
    for (const [claims, fault] of bad) {
      t.match(claimsFault(claims), fault, JSON.stringify(claims).slice(0, 60))
    }
  }
)

t.test('the template names the claims that tokens have, and no registered claim', async (t) => {
  const entries = ['tenant_id', 'plan:https://example.com/plan', 'level:tier']
  const { template, faults } = readClaimTemplate(entries)
  t.strictSame(faults, [])
  const claims = { tenant_id: 'acme', plan: 'gold', level: 2, secret: 'x' }
  t.strictSame(templatedClaims(template, claims), {
    tenant_id: 'acme',
    'https://example.com/plan': 'gold',
    tier: 2
  })
  t.strictSame(templatedClaims(template, JSON.parse('{"__proto__": {"plan": "x"}}')), {})
  for (const entries of [
    ['sub'],
    ['plan:sub'],
    ['plan:ROLES'],
    ['plan:delegation'],
    ['plan:'],
    [':plan'],
    ['plan', 'tenant_id:plan'],
    ['plan', 'plan:tier'],
    Array.from({ length: 5 }, (_, n) => `c${n}:${`c${n}`.padEnd(128, 'x')}`),
    ['a/b'],
    ['plan:é']
  ]) {
    t.match(readClaimTemplate(entries), { faults: [/./] }, entries.join(' '))
  }
})
