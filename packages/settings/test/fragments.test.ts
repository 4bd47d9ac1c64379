import { originFaults, words } from '@gatehouse/settings/fragments'
import t from 'tap'

t.test('a list is separated by spaces, commas, lines or all of them', async (t) => {
  t.strictSame(words('http://a http://b'), ['http://a', 'http://b'])
  t.strictSame(words(' a, b ,,c\n\td,'), ['a', 'b', 'c', 'd'])
})

t.test('an empty list has no words, not one that is empty', async (t) => {
  t.strictSame(words(''), [])
  t.strictSame(words(' , '), [])
})

t.test('an origin is what a browser sends, and in production over TLS', async (t) => {
  const faults = (ALLOWED_ORIGINS: string, NODE_ENV = 'development') =>
    originFaults({ ALLOWED_ORIGINS, NODE_ENV }).length
  for (const good of ['', 'https://a.example', 'https://a.example:8443, http://localhost:5173']) {
    t.equal(faults(good), 0, good)
  }
  for (const bad of [
    ...[
      'null',
      '*',
      'a.example',
      'https://a.example/',
      'https://a.example:443',
      'https://A.example'
    ],
    ...[
      'https://*.example',
      'ftp://a.example',
      'https://a.example https://b.example/x',
      'javascript:1'
    ]
  ]) {
    t.equal(faults(bad), 1, bad)
  }
  t.equal(faults('http://a.example', 'production'), 1)
  t.equal(faults('https://a.example', 'production'), 0)
})
