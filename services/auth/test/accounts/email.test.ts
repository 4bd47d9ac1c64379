import { runs } from '@gatehouse/fixtures/generated'
import fc from 'fast-check'
import t from 'tap'
import { canonicalEmail } from '../../src/accounts/email.ts'

const same: Record<string, [string, string]> = {
  'as it is': ['ada@example.com', 'ada@example.com'],
  'in capitals': ['ADA@EXAMPLE.COM', 'ada@example.com'],
  'in full-width letters': ['ＡＤＡ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'ada@example.com'],
  'with an accent of its own': ['e\u0301@example.com', 'é@example.com'],
  'with a ligature': ['ﬁ@example.com', 'fi@example.com'],
  'with the Kelvin sign': ['\u212aelvin@example.com', 'kelvin@example.com'],
  'with letters that have an accented form in small only': ['J\u030c@b.c', '\u01f0@b.c'],
  'with a sigma at the end of a word': ['ΑΣ@example.com', 'ασ@example.com'],
  'in another script': ['АДА@ПРИМЕР.РФ', 'ада@пример.рф'],
  'with a tag': ['ada+news@example.com', 'ada+news@example.com'],
  'at a host of one label': ['ada@localhost', 'ada@localhost']
}

for (const [title, [given, canonical]] of Object.entries(same)) {
  t.test(`an address ${title} has one form`, async (t) => {
    t.equal(canonicalEmail(given), canonical)
  })
}

t.test('what is no address has no form', async (t) => {
  const wrong = ['', '@', 'ada', 'ada@', '@x', 'a@b@c', 'a b@c', 'a@b c', 'a@b..c', 'a@.b', 'a@b.']
  const invisible = [
    '\0a@b',
    'a@b\n',
    'a\u200bb@c',
    'a\u202eb@c',
    '\ufeffa@b',
    'a\u00a0b@c',
    '\ud800@b'
  ]
  for (const text of [...wrong, ...invisible]) {
    t.equal(canonicalEmail(text), null, JSON.stringify(text))
  }
})

t.test('an address has 254 characters at most, in its one form', async (t) => {
  const address = (length: number) => `${'a'.repeat(length - 2)}@b`
  t.equal(canonicalEmail(address(254))?.length, 254)
  t.equal(canonicalEmail(address(255)), null)
  t.equal(canonicalEmail(`${'ﬃ'.repeat(100)}@b`), null, 'three letters each')
})

t.test('the one form is the form of itself, and of its capitals', async (t) => {
  const local = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  const stable = fc.property(local, local, (name, host) => {
    const canonical = canonicalEmail(`${name}@${host}`)
    return canonical === null || canonicalEmail(canonical) === canonical
  })
  t.doesNotThrow(() => fc.assert(stable, runs(2000)))
})
