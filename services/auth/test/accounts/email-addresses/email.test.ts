import { runs } from '@gatehouse/fixtures/generated'
import fc from 'fast-check'
import t from 'tap'
import { canonicalEmail } from '../../../src/accounts/email-addresses/email.ts'

const same: Record<string, [string, string]> = {
  'as it is': ['ada@example.com', 'ada@example.com'],
  'in capitals': ['ADA@EXAMPLE.COM', 'ada@example.com'],
  'with a space that a keyboard puts behind a word': ['ada@example.com ', 'ada@example.com'],
  'with white space around it': [' \t\u00a0ada@example.com\u3000\r\n', 'ada@example.com'],
  'in full-width letters': ['ＡＤＡ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'ada@example.com'],
  'with an accent of its own': ['e\u0301@example.com', 'é@example.com'],
  'with a ligature': ['ﬁ@example.com', 'fi@example.com'],
  'with the Kelvin sign': ['\u212aelvin@example.com', 'kelvin@example.com'],
  'with letters that have an accented form in small only': ['J\u030c@b.c', '\u01f0@b.c'],
  'with a sigma at the end of a word': ['ΑΣ@example.com', 'ασ@example.com'],
  'in another script': ['АДА@ПРИМЕР.РФ', 'ада@пример.рф'],
  'with a tag': ['ada+news@example.com', 'ada+news@example.com'],
  'at a host of one label': ['ada@localhost', 'ada@localhost'],
  'at a domain in punycode': ['ada@xn--bcher-kva.example', 'ada@bücher.example'],
  'at a domain in Unicode': ['ada@BÜCHER.example', 'ada@bücher.example'],
  'with an ideographic full stop': ['ada@example\u3002com', 'ada@example.com'],
  'in Han and Latin': ['李lee@example.com', '李lee@example.com'],
  'in Japanese': ['たなか太郎ー7@example.com', 'たなか太郎ー7@example.com'],
  'in Vietnamese': ['nguyễn.đặng@example.com', 'nguyễn.đặng@example.com'],
  'in Hindi with its own digits': ['राम०१@example.com', 'राम०१@example.com'],
  'in Arabic with its own digits': ['علي٠١@example.com', 'علي٠١@example.com'],
  'in Hausa and Icelandic': ['ɓþæð@example.com', 'ɓþæð@example.com']
}

for (const [title, [given, canonical]] of Object.entries(same)) {
  t.test(`an address ${title} has one canonical form`, async (t) => {
    t.equal(canonicalEmail(given), canonical)
  })
}

t.test('a text that is not an e-mail address is refused', async (t) => {
  const wrong = ['', '@', 'ada', 'ada@', '@x', 'a@b@c', 'a b@c', 'a@b c', 'a@b..c', 'a@.b', 'a@b.']
  const invisible = [
    '\0a@b',
    'a\n@b',
    'a\u200bb@c',
    'a\u202eb@c',
    'a\ufeffb@c',
    'a\u00a0b@c',
    '\ud800@b'
  ]
  for (const text of [...wrong, ...invisible]) {
    t.equal(canonicalEmail(text), null, JSON.stringify(text))
  }
})

t.test('an e-mail address that looks like another one is refused', async (t) => {
  const ignorable = [
    0xfe0f, 0x034f, 0x3164, 0x115f, 0x17b4, 0x180b, 0x200d, 0x2060, 0xe0101, 0x00ad
  ]
  for (const code of ignorable) {
    const character = String.fromCodePoint(code)
    for (const text of [`ad${character}a@example.com`, `ada@exam${character}ple.com`]) {
      t.equal(canonicalEmail(text), null, `U+${code.toString(16)} in ${text}`)
    }
  }
  const foreign = {
    'a Cyrillic а among Latin letters': '\u0430da@example.com',
    'a Greek ο among Latin letters': 'b\u03bfb@example.com',
    'a label with a Cyrillic е': 'ada@\u0435xample.com',
    'the same in punycode': 'ada@xn--xample-2of.com',
    'a Cyrillic name that is drawn like a Latin one': '\u0430\u0441\u0435@example.com',
    'a Cyrillic label that is': 'ada@\u0440\u0430\u0443\u0440\u0430\u04cf.com',
    'a Deseret letter among Latin ones': 'ad\u{1042c}be@example.com',
    'a name in Deseret': '\u{1042c}\u{10441}@example.com',
    'a label with a Tifinagh letter': 'ada@goog\u2d4fe.com',
    'a Hebrew letter among Latin ones': 'g\u05e1ogle@example.com',
    'a Devanagari zero among Latin letters': 'b\u0966b@example.com',
    'an Arabic zero, which belongs to no single script, among them': 'b\u0660b@example.com',
    'digits of another script alone': '\u0966\u0966@example.com',
    'a phonetic a': '\u0251dmin@example.com',
    'a label with a phonetic g': 'ada@\u0261mail.com',
    'an i without its dot': 'b\u0131ll@example.com',
    'a click that is drawn like an l': 'pau\u01c0@example.com',
    'two scripts, none of them Latin': '\u05d0\u0431@example.com'
  }
  for (const [title, text] of Object.entries(foreign)) t.equal(canonicalEmail(text), null, title)
})

t.test('the canonical form has at most 254 characters', async (t) => {
  const address = (length: number) => `${'a'.repeat(length - 2)}@b`
  t.equal(canonicalEmail(address(254))?.length, 254)
  t.equal(canonicalEmail(address(255)), null)
  t.equal(canonicalEmail(`${'ﬃ'.repeat(100)}@b`), null, 'three letters each')
})

t.test('the canonical form is its own canonical form, and that of its capitals', async (t) => {
  const local = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  const stable = fc.property(local, local, (name, host) => {
    const canonical = canonicalEmail(`${name}@${host}`)
    return canonical === null || canonicalEmail(canonical) === canonical
  })
  t.doesNotThrow(() => fc.assert(stable, runs(2000)))
})
