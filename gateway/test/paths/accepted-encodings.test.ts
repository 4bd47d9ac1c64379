import t from 'tap'
import { canonicalTarget } from '../../src/paths/canonical-path.ts'
import { dots } from './fixtures/dot-segments.ts'

const strict = { encodedSlashes: 'refuse', encodedDelimiters: 'refuse' } as const

t.test('a route can accept encoded slashes, but none that hides a dot segment', async (t) => {
  const words = { ...strict, encodedSlashes: 'pass' } as const
  for (const path of ['/a/b%2Fc', '/a/%2f/b', '/a%2fb', '/a/b%2F', '/a/b%2F%2Fc', '/x/a%20b%2Fc']) {
    t.equal(canonicalTarget(path), null, `${path} is refused without the word`)
    t.strictSame(canonicalTarget(path, words), { path, query: '' }, path)
  }
  const refused = [
    ...dots.flatMap((dot) => [`/a/%2f${dot}`, `/a/${dot}%2Fb`, `/a/b%2F${dot}%2fc`]),
    '/a/b%2f..',
    '/a/..%2fb',
    '/a/.%2fb',
    '/a/b%2f.',
    '/a/..;%2fb',
    '/a/b%2f%20.',
    '/a%2f%5Cb',
    // Some servers remove the parameters before they decode, and others remove them afterwards.
    '/a/x;y%2Fz',
    '/a/x;%2Fz',
    '/a/x%2Fy;p%2fz',
    '/a/b%252Fc',
    '/a/b%3fc%2Fd',
    '/a/b%25%2Fd',
    '/a%2F\uFF0Fb',
    '/a/%2F%EF%BC%8Fb',
    '/a//b%2Fc'
  ]
  for (const path of refused) {
    if (/^\/a\/(?:b%2F)?\.\.\.$/.test(path)) continue
    t.equal(canonicalTarget(path, words), null, path)
  }
})

t.test('a route can accept encoded delimiters, however often they are encoded', async (t) => {
  const words = { ...strict, encodedDelimiters: 'pass' } as const
  for (const path of [
    '/a/C%23',
    '/a/100%25',
    '/a/what%3F',
    '/a/b%3Bc',
    '/a/100%2525',
    '/a/5%25%20b'
  ]) {
    t.equal(canonicalTarget(path), null, `${path} is refused without the word`)
    t.strictSame(canonicalTarget(path, words), { path, query: '' }, path)
  }
  const refused = [
    '/a/b%2Fc',
    '/a/%252e%252e/b',
    '/a/%252e%252e%252fb',
    '/a/.%252e/b',
    '/a/b%255cc',
    '/a/b%2500',
    '/a/b%250d%250ac',
    '/a/%25252e%25252e',
    '/a/%2525252525',
    '/a/%25c0%25ae',
    '/a/%25u002e/b',
    '/a/%25u002fb',
    '/a/..%3Bb',
    '/a/..%253Bb',
    '/a/.%3B/b',
    '/a/%25EF%25BC%258E.',
    '/a/x%3By%252fz'
  ]
  for (const path of refused) t.equal(canonicalTarget(path, words), null, path)
})
