import t from 'tap'
import { writableLinks } from '../../../src/forwarding/response/early-hints.ts'

t.test('links in the syntax that Node.js accepts are passed on', async (t) => {
  const links = ['</a.css>; rel=preload; as=style', '</b.js>;rel="preload";crossorigin', '</>']
  t.strictSame(writableLinks(links), links)
  t.strictSame(writableLinks(links[0]), links.slice(0, 1))
  t.strictSame(writableLinks(undefined), [])
})

t.test('only a link that Node.js refuses, or reads in two ways, is dropped', async (t) => {
  const bad = ['', 'a', '<a', '<a>;', '<a>; "', '<a>; x="y z"', `<a>${';a=a'.repeat(60)};"`]
  for (const link of bad) t.strictSame(writableLinks([link, '<b>']), ['<b>'], link.slice(0, 20))
})

t.test('links of more than 2048 characters are not passed on', async (t) => {
  const link = (length: number) => `<${'a'.repeat(length - 2)}>`
  t.equal(writableLinks(link(2048)).length, 1)
  t.equal(writableLinks(link(2049)).length, 0)
  t.equal(writableLinks([link(1024), link(1025)]).length, 0)
})
