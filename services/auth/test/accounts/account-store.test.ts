import { testClock } from '@gatehouse/fixtures/clock'
import { sql } from 'kysely'
import t, { type Test } from 'tap'
import { accountStore } from '../../src/accounts/account-store.ts'
import { costOfHash } from '../../src/accounts/passwords/hashes/cost-of-hash.ts'
import { passwordCost } from '../../src/accounts/passwords/hashes/hash-kinds.ts'
import { databaseKinds } from '../fixtures/database/databases.ts'
import { source } from '../fixtures/families/family-steps.ts'

const clock = testClock()
const ada = {
  email: 'ada@example.com',
  passwordHash: 'hash',
  roles: ['user', 'a "quoted" role'],
  scope: ['a', 'b']
}

for (const kind of databaseKinds) {
  const open = async (t: Test) => accountStore(await (await kind.make(t)).open())

  t.test(`${kind.name}: an account survives restarts`, { skip: kind.skip }, async (t) => {
    const database = await kind.make(t)
    const created = await accountStore(await database.open()).create(ada, {
      source,
      clock
    })
    const accounts = accountStore(await database.open())

    t.match(created, { ...ada, disabled: false })
    t.strictSame(await accounts.findByEmail(ada.email), created)
    t.strictSame(await accounts.findById(created?.id ?? ''), created)
  })

  t.test(`${kind.name}: an e-mail address has one account`, { skip: kind.skip }, async (t) => {
    const accounts = await open(t)
    const [first, second] = [
      await accounts.create(ada, { source, clock }),
      await accounts.create(ada, { source, clock })
    ]
    t.ok(first)
    t.equal(second, null)
    t.strictSame(await accounts.findByEmail(ada.email), first, 'the first one is unchanged')
  })

  t.test(
    `${kind.name}: an account without roles or scope has none`,
    { skip: kind.skip },
    async (t) => {
      const accounts = await open(t)
      const created = await accounts.create({ ...ada, roles: [], scope: [] }, { source, clock })
      t.match(created, { roles: [], scope: [] })
    }
  )

  t.test(`${kind.name}: the store knows the cost of every hash`, { skip: kind.skip }, async (t) => {
    const accounts = await open(t)
    t.strictSame(await accounts.passwordCosts(), [])
    const costs = ['m=1024,t=1,p=1', 'm=19456,t=2,p=1', 'm=64,t=1,p=1'].map(
      (cost) => `$argon2id$v=19$${cost}`
    )
    // Salts and hashes are base64 without padding. They can contain `+`, `/` and texts that look
    // like a cost.
    const hashes = costs.flatMap((cost) => [`${cost}$p/1+$x1`, `${cost}$AAAA$m64t1p1`])
    for (const [n, passwordHash] of hashes.entries()) {
      await accounts.create({ ...ada, email: `${n}@example.com`, passwordHash }, { source, clock })
    }
    t.strictSame((await accounts.passwordCosts()).sort(), costs)
    t.strictSame([...new Set(hashes.map(passwordCost))], costs, 'as the text of a hash is read')
    // A bcrypt hash has no `$` before it, and contains dots. All its versions cost the same work.
    const foreign = [
      `$2a$10$${'.a/Z0'.repeat(10)}abc`,
      `$2b$10$${'a'.repeat(53)}`,
      `$2y$12$${'.'.repeat(53)}`,
      '$pbkdf2-sha256$i=1,l=32$p/1+$x1',
      '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=a+/=$p/1+$x1'
    ]
    for (const [n, passwordHash] of [...foreign, ''].entries()) {
      await accounts.create(
        { ...ada, email: `${n}@foreign.example`, passwordHash },
        { source, clock }
      )
    }
    const all = new Set([...hashes, ...foreign, ''].map(passwordCost))
    t.equal(all.size, costs.length + 5, 'two of bcrypt, two others, and none')
    t.strictSame(new Set(await accounts.passwordCosts()), all)
    for (const [n, passwordHash] of [...foreign, ''].entries()) {
      const account = await accounts.findByEmail(`${n}@foreign.example`)
      await accounts.replacePasswordHash(account?.id ?? '', passwordHash, `${costs[0]}$AAAA$BBBB`)
    }

    const renewed = `${costs[0]}$AAAA$BBBB`
    for (const [n, passwordHash] of hashes.entries()) {
      const account = await accounts.findByEmail(`${n}@example.com`)
      await accounts.replacePasswordHash(account?.id ?? '', passwordHash, renewed)
    }
    t.strictSame(await accounts.passwordCosts(), [costs[0]], 'one that no account has is gone')
  })

  t.test(`${kind.name}: an unknown account is not found`, { skip: kind.skip }, async (t) => {
    const accounts = await open(t)
    await accounts.create(ada, { source, clock })
    for (const text of ['', '%', 'a\0b', '\ud800', "' or 1=1 --", 'ADA@example.com']) {
      if (!/[\0\ud800]/.test(text)) t.equal(await accounts.findByEmail(text), null, text)
      t.equal(await accounts.findById(text), null, text)
    }
  })

  t.test(`${kind.name}: a new password replaces the old one`, { skip: kind.skip }, async (t) => {
    const accounts = await open(t)
    const created = await accounts.create(ada, { source, clock })
    if (created === null) throw new Error('not created')
    const change = { sid: 'a session', requestHash: 'a request', source, clock }
    t.strictSame(
      await accounts.changePassword(created, { ...change, passwordHash: 'another hash' }),
      []
    )
    t.match(await accounts.findByEmail(ada.email), {
      ...ada,
      passwordHash: 'another hash',
      passwordVersion: 1
    })
    t.notOk(
      await accounts.changePassword(created, { ...change, passwordHash: 'a third' }),
      'and who saw the first is too late'
    )
    t.match(await accounts.findByEmail(ada.email), { passwordHash: 'another hash' })
  })

  t.test(
    `${kind.name}: a hash is only replaced if it has not changed meanwhile`,
    { skip: kind.skip },
    async (t) => {
      const accounts = await open(t)
      const { id, passwordHash } = (await accounts.create(ada, { source, clock })) ?? {
        id: '',
        passwordHash: ''
      }
      t.ok(await accounts.replacePasswordHash(id, passwordHash, 'dearer'))
      t.notOk(await accounts.replacePasswordHash(id, passwordHash, 'dearer still'))
      t.match(await accounts.findById(id), { passwordHash: 'dearer', passwordVersion: 0 })
    }
  )

  t.test(
    `${kind.name}: fifty simultaneous registrations of one address create one account`,
    { skip: kind.skip },
    async (t) => {
      const accounts = await open(t)
      const made = await Promise.all(
        Array.from({ length: 50 }, () => accounts.create(ada, { source, clock }))
      )
      t.equal(made.filter((account) => account !== null).length, 1)
    }
  )
}

t.test('the costs of hashes are found by their index', async (t) => {
  const [embedded] = databaseKinds
  if (embedded === undefined) throw new Error('no database')
  const db = await (await embedded.make(t)).open()
  const query = sql`explain query plan select ${costOfHash} from accounts order by ${costOfHash} limit 1`
  t.match(JSON.stringify((await query.execute(db)).rows), /accounts_hash_cost/)
})
