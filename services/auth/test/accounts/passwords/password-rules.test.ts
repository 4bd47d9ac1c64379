import t from 'tap'
import { passwordFault } from '../../../src/accounts/passwords/password-rules.ts'

const email = 'ada.lovelace@example.com'

t.test('common passwords are refused, in any letter case and width', async (t) => {
  for (const password of [
    'password',
    'PassWord1',
    'qwertyuiop',
    '12345678',
    'iloveyou',
    'ｐａｓｓｗｏｒｄ'
  ]) {
    t.match(await passwordFault(password, email), /most common/, password)
  }
})

t.test('the e-mail address is refused as a password', async (t) => {
  for (const password of [email, email.toUpperCase(), 'ada.lovelace', 'Ada.Lovelace']) {
    t.match(await passwordFault(password, email), /e-mail/, password)
  }
})

t.test('there are no rules for the composition of a password', async (t) => {
  const good = [
    'correct horse',
    'aaaaaaaaa!',
    '        x',
    'жжжжжжжж',
    '🐎🐎🐎🐎🐎🐎🐎🐎',
    'a\0bcdefghi',
    "' or 1=1 --"
  ]
  for (const password of good) t.equal(await passwordFault(password, email), null, password)
})

t.test(
  'half a surrogate pair is refused, and the length is that of the normalised password',
  async (t) => {
    t.match(await passwordFault('\ud800bcdefghij', email), /Unicode/)
    // Seven jamo and a letter: three syllables.
    t.match(
      await passwordFault('\u1112\u1161\u11ab\u1112\u1161\u11ab\u1112\u1161', email),
      /longer/
    )
  }
)
