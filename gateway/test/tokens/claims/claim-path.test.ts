import t from 'tap'
import { claimAt } from '../../../src/tokens/claims/claim-path.ts'

const claims = {
  'https://example.com/roles': ['by URL'],
  'a.b': 'exact',
  a: { b: 'by steps', 'b.c': 'longer', d: { e: 'deep' } },
  resource_access: { 'my.client': { roles: ['admin'] }, my: { client: { roles: ['user'] } } },
  nothing: null,
  list: [{ name: 'x' }],
  text: 'abc',
  zero: 0,
  no: false,
  '': 'nameless'
}

t.test(
  'a name means the claim of exactly this name, or else its dots are steps into objects',
  async (t) => {
    const found: Record<string, unknown> = {
      'https://example.com/roles': ['by URL'],
      'a.b': 'exact',
      'a.b.c': undefined,
      'a.d.e': 'deep',
      a: claims.a,
      'resource_access.my.client.roles': ['admin'],
      zero: 0,
      no: false
    }
    for (const [path, value] of Object.entries(found))
      t.strictSame(claimAt(claims, path), value, path)
    t.equal(claimAt({ a: claims.a }, 'a.b.c'), 'longer', 'the longest name leads on')
  }
)

t.test('a list has one name per step', async (t) => {
  t.equal(claimAt(claims, ['a', 'b']), 'by steps')
  t.equal(claimAt(claims, ['a.b']), 'exact')
  t.strictSame(claimAt(claims, ['resource_access', 'my', 'client', 'roles']), ['user'])
  t.equal(claimAt(claims, ['a', 'd', 'x']), undefined)
})

t.test('null is absent, and nothing is found in a list, a text or a prototype', async (t) => {
  for (const path of [
    'nothing',
    'nothing.more',
    'list.0',
    'list.length',
    'text.length',
    'constructor',
    'a.constructor',
    '__proto__',
    'a.__proto__',
    'a.',
    '.a',
    'a..b',
    'toString.name'
  ]) {
    t.equal(claimAt(claims, path), undefined, path)
    t.equal(claimAt(claims, path.split('.')), undefined, `${path} by steps`)
  }
})
