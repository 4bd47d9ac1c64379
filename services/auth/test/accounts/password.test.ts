import t from 'tap'
import { hashPassword, passwordMatches } from '../../src/accounts/password.ts'

t.test('a password matches its own hash, and no other', async (t) => {
  const account = { passwordHash: await hashPassword('correct horse') }
  t.ok(await passwordMatches(account, 'correct horse'))
  t.notOk(await passwordMatches(account, 'Correct horse'))
  t.notOk(await passwordMatches(account, 'correct horse '), 'blanks count')
  t.notOk(await passwordMatches(account, ''))
})

t.test('a hash is argon2id with the OWASP parameters and a salt of its own', async (t) => {
  const [one, other] = [await hashPassword('same'), await hashPassword('same')]
  t.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$/)
  t.not(one, other)
})

t.test('one password typed on two keyboards is one password', async (t) => {
  const account = { passwordHash: await hashPassword('crème ﬁne') }
  t.ok(await passwordMatches(account, 'cre\u0300me fine'))
})

t.test('a password is compared whole, beyond a NUL too', async (t) => {
  const account = { passwordHash: await hashPassword('before\0after') }
  t.ok(await passwordMatches(account, 'before\0after'))
  t.notOk(await passwordMatches(account, 'before'))
  t.notOk(await passwordMatches(account, 'before\0other'))
})

t.test('where there is no account nothing matches', async (t) => {
  t.notOk(await passwordMatches(null, 'correct horse'))
  t.notOk(await passwordMatches(null, 'no account has this password'), 'not even that')
})
