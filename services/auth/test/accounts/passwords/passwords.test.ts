import { verify } from '@node-rs/argon2'
import t from 'tap'
import { hashQueue } from '../../../src/accounts/passwords/hash-queue.ts'
import { passwordCost, verifyHash } from '../../../src/accounts/passwords/hashes/hash-kinds.ts'
import { type HashCost, passwords } from '../../../src/accounts/passwords/passwords.ts'

const owasp = { memoryKib: 19_456, passes: 2, lanes: 1 }
const { hash: hashPassword, inTurn } = passwords(owasp, hashQueue({ width: 4, longest: 100 }))
const passwordMatches = (account: { passwordHash: string } | null, password: string) =>
  inTurn((match) => match(account, password, []))

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

t.test('a password typed on two keyboards is the same password', async (t) => {
  const account = { passwordHash: await hashPassword('crème ﬁne') }
  t.ok(await passwordMatches(account, 'cre\u0300me fine'))
})

t.test('a password is compared completely, even after a NUL', async (t) => {
  const account = { passwordHash: await hashPassword('before\0after') }
  t.ok(await passwordMatches(account, 'before\0after'))
  t.notOk(await passwordMatches(account, 'before'))
  t.notOk(await passwordMatches(account, 'before\0other'))
})

t.test('without an account, no password matches', async (t) => {
  t.notOk(await passwordMatches(null, 'correct horse'))
  t.notOk(await passwordMatches(null, 'no account has this password'), 'not even that')
})

t.test('a hash with a lower cost than the current one is outdated', async (t) => {
  const queue = hashQueue({ width: 1, longest: 10 })
  const [old, few] = [
    await passwords({ ...owasp, memoryKib: 8192 }, queue).hash('a'),
    await passwords({ ...owasp, passes: 1 }, queue).hash('a')
  ]
  const today = passwords(owasp, queue)
  t.ok(today.isOutdated(old) && today.isOutdated(few))
  t.ok(today.isOutdated('$2b$12$of-another-kind'))
  t.notOk(today.isOutdated(await today.hash('a')))
  t.notOk(
    passwords({ ...owasp, passes: 1 }, queue).isOutdated(await today.hash('a')),
    'nor one that cost more'
  )
  t.ok(
    await today.inTurn((match) => match({ passwordHash: old }, 'a', [])),
    'and matches all the same'
  )
})

t.test('the work is the same whatever the hash cost, with or without an account', async (t) => {
  const cost = (memoryKib: number, passes: number) => ({ memoryKib, passes, lanes: 1 })
  const [first, second, today] = [cost(1024, 1), cost(2048, 1), cost(1024, 3)]
  const queue = hashQueue({ width: 1, longest: 10 })
  const hashed = async (at: HashCost) => await passwords(at, queue).hash('right password')
  const accounts = {
    'no account': null,
    'an old cost': { passwordHash: await hashed(first) },
    'a later cost': { passwordHash: await hashed(second) },
    'the cost of today': { passwordHash: await hashed(today) }
  }
  const known = Object.values(accounts).flatMap((one) => one?.passwordHash ?? [])
  const costs = known.map(passwordCost)
  t.strictSame(costs, [
    '$argon2id$v=19$m=1024,t=1,p=1',
    '$argon2id$v=19$m=2048,t=1,p=1',
    '$argon2id$v=19$m=1024,t=3,p=1'
  ])

  const work: string[] = []
  const counting = passwords(today, queue, (passwordHash, password) => {
    work.push(passwordCost(passwordHash))
    return verify(passwordHash, password)
  })
  for (const [title, account] of Object.entries(accounts)) {
    for (const password of ['right password', 'wrong password']) {
      const matches = await counting.inTurn((match) => match(account, password, costs))
      t.equal(matches, account !== null && password === 'right password', `${title}: ${password}`)
      t.strictSame(work.splice(0).sort(), [...costs].sort(), `${title}: a hash at each cost`)
    }
  }
  const unknown = ['$2b$31', '', '$argon2id$v=19$m=1,t=x,p=1']
  await counting.inTurn((match) => match(null, 'any', unknown))
  t.strictSame(work.splice(0), [costs[2]], 'an unknown cost causes no work')
})

t.test('the work is the same if an account has the hash of another system', async (t) => {
  const bcrypt = '$2b$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.'
  const scrypt =
    '$scrypt$ln=10,r=8,p=1$AQIDBAUGBwgJCgsMDQ4PEA$a56cMwd8HVAfRmojkkAR0z2hOLB9cXfHCZKONM6dq5o'
  const cheap = { memoryKib: 1024, passes: 1, lanes: 1 }
  const queue = hashQueue({ width: 1, longest: 10 })
  const own = await passwords(cheap, queue).hash('correct horse battery')
  const costs = [own, bcrypt, scrypt].map(passwordCost)
  const work: string[] = []
  const counting = passwords(cheap, queue, (passwordHash, password) => {
    work.push(passwordCost(passwordHash))
    return verifyHash(passwordHash, password)
  })
  for (const passwordHash of [null, own, bcrypt, scrypt, '', 'of no kind']) {
    const account = passwordHash === null ? null : { passwordHash }
    const isReal = [own, bcrypt, scrypt].includes(passwordHash ?? '')
    for (const password of ['correct horse battery', 'wrong horse battery']) {
      const matches = await counting.inTurn((match) => match(account, password, costs))
      t.equal(matches, isReal && password === 'correct horse battery', `${passwordHash}`)
      t.strictSame(work.splice(0).sort(), [...costs].sort(), 'a hash at each cost')
    }
  }
  t.ok([bcrypt, scrypt, ''].every(counting.isOutdated), 'and is replaced at the first login')
})
