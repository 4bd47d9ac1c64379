import { inputs, runs } from '@gatehouse/fixtures/generated'
import fc from 'fast-check'
import t from 'tap'
import { canonicalTarget, lenient } from '../../src/paths/canonical-path.ts'
import { dots } from './fixtures/dot-segments.ts'

const fine = [
  '/',
  '/orders',
  '/orders/',
  '/orders/42',
  '/a/b-c_d.e~f',
  '/orders;v=1',
  '/@user/a:b,c=d&e+f!$*()',
  "/it's",
  '/a%20b',
  '/%C3%A9',
  '/%c3%a9',
  '/a%20b%26c%3D%22',
  '/a.b/c..d/.e/f.',
  '/_next/static/chunks/pages/[slug].js',
  '/a|b',
  '/%7Ejohn/%7e',
  '/.well-known/jwks.json',
  '/orders?x=1&y=%2F..%2F&z=[1]|{}"<>^`',
  '/orders?',
  '/?a=/../b'
]

const separators = ['//', '\\', '%2f', '%2F', '%5c', '%5C']
const encodings = [
  '%',
  '%2',
  '%zz',
  '%u002e',
  '%252e',
  '%252f',
  '%2525',
  '%25%32%65',
  '%00',
  '%0a',
  '%25',
  '%25u002e',
  '%3f',
  '%3F',
  '%23',
  '%3b',
  '%3B',
  '%EF%BC%9F',
  '%EF%BC%83',
  '%CD%BE'
]
const wrongBytes = ['%c0%ae', '%ff', '%e2%28%a1', '%ed%a0%80', '%f8%88%80%80%80']
const twiceSpelt = ['%61', '%41dmin', '%2d', '%5f', '%30', '%2D']
const raw = [' ', '\t', '\r', '\n', '\0', '\x7f', 'é', '\u202e', '"', '<', '>', '^', '`', '{', '}']

/** The part at the end, in the middle and in front of a harmless path. */
const around = (part: string) => [`/open/${part}`, `/open/${part}/closed`, `/${part}/closed`]

const hostile = [
  ...dots.flatMap(around),
  ...separators.flatMap((part) => [`/open${part}closed`, `/open/..${part}closed`, `${part}closed`]),
  ...[...encodings, ...wrongBytes, ...twiceSpelt, ...raw].flatMap((part) => around(`a${part}`)),
  ...raw.slice(0, 7).map((part) => `/open?x=${part}`),
  '',
  '*',
  'open',
  '?x',
  'http://evil.example/',
  '//evil.example/',
  '/open#part',
  '/a?b#c'
]

t.test('a canonical path is accepted and does not change', async (t) => {
  for (const target of fine) {
    const queryAt = target.indexOf('?')
    const path = queryAt < 0 ? target : target.slice(0, queryAt)
    t.strictSame(canonicalTarget(target), { path, query: target.slice(path.length) }, target)
  }
})

t.test('a target that two programs could read as two paths is refused', async (t) => {
  t.ok(new Set(hostile).size >= 150, `${new Set(hostile).size} of them`)
  for (const target of hostile) t.equal(canonicalTarget(target), null, JSON.stringify(target))
})

t.test('an accepted path means the same to every server', async (t) => {
  const piece = fc.constantFrom(
    ...dots,
    ...separators,
    ...encodings,
    ...wrongBytes,
    ...raw,
    '/',
    'a'
  )
  const anyTarget = fc
    .array(fc.oneof(piece, fc.string({ unit: 'binary-ascii', maxLength: 4 })), { maxLength: 12 })
    .map((pieces) => `/${pieces.join('')}`)
  let accepted = 0
  const sameForAll = fc.property(anyTarget, (target) => {
    const canonical = canonicalTarget(target)
    if (canonical === null) return true
    accepted += 1
    const { path } = canonical
    const decoded = decodeURIComponent(path)
    const segments = decoded.split('/').map((segment) => segment.split(';', 1)[0])
    return (
      new URL(path, 'http://host').pathname === path &&
      decoded.split('/').length === path.split('/').length &&
      !segments.some((segment) => segment === '.' || segment === '..') &&
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is left is the claim
      !/[\\?#%\0-\x1f\x7f]/.test(decoded) &&
      decoded.split(';').length === path.split(';').length
    )
  })
  const { counterexample } = fc.check(sameForAll, runs(50_000))
  t.equal(counterexample, null)
  t.ok(accepted > inputs(50_000) / 10, `${accepted} were accepted`)
})

const long = ['%25', '%2f', '%2525', '%3b', '%252f', ';%2f', '/%252525', '/%2525a']

t.test('a path is decoded in a few native calls, however many encodings it has', async (t) => {
  const decodes = t.capture(globalThis, 'decodeURIComponent', decodeURIComponent)
  for (const piece of long) {
    decodes()
    canonicalTarget(
      `/a${piece.startsWith('/') ? '' : '/'}${piece.repeat(8000 / piece.length)}`,
      lenient
    )
    const { length } = decodes()
    t.ok(length > 0 && length <= 8, `${piece}: ${length} calls`)
  }
})

t.test('more combining characters in sequence than any language uses are refused', async (t) => {
  const path = (count: number) => `/a${'%CC%81%CC%A3'.repeat(count / 2)}`
  t.strictSame(canonicalTarget(path(30))?.path, path(30))
  t.equal(canonicalTarget(path(32)), null)
  t.equal(canonicalTarget(path(1300)), null)
})
