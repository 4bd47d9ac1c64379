import { words } from '@gatehouse/settings/fragments'
import t from 'tap'

t.test('a list is separated by spaces, commas, lines or all of them', async (t) => {
  t.strictSame(words('http://a http://b'), ['http://a', 'http://b'])
  t.strictSame(words(' a, b ,,c\n\td,'), ['a', 'b', 'c', 'd'])
})

t.test('an empty list has no words, not one that is empty', async (t) => {
  t.strictSame(words(''), [])
  t.strictSame(words(' , '), [])
})
