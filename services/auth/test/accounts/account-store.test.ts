import { join } from 'node:path'
import { testClock } from '@gatehouse/fixtures/clock'
import { dataFolder } from '@gatehouse/fixtures/house'
import { Kysely } from 'kysely'
import t from 'tap'
import { accountStore } from '../../src/accounts/account-store.ts'
import { migrate } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/open-database.ts'
import { nodeSqliteDialect } from '../../src/database/sqlite-dialect.ts'
import type { Tables } from '../../src/database/tables.ts'

const clock = testClock()
const ada = {
  ...{ email: 'ada@example.com', passwordHash: 'hash' },
  ...{ roles: ['user', 'a "quoted" role'], scope: ['a', 'b'] }
}

async function open(folder: string) {
  const database = new Kysely<Tables>({
    dialect: nodeSqliteDialect(openDatabase(join(folder, 'accounts.sqlite')))
  })
  await migrate(database)
  return { database, accounts: accountStore(database) }
}

t.test('an account is kept over restarts', async (t) => {
  const folder = dataFolder(t)
  const first = await open(folder)
  const created = await first.accounts.create(ada, clock())
  await first.database.destroy()

  const { database, accounts } = await open(folder)
  t.teardown(() => database.destroy())

  t.match(created, { ...ada, disabled: false })
  t.strictSame(await accounts.findByEmail(ada.email), created)
  t.strictSame(await accounts.findById(created?.id ?? ''), created)
})

t.test('an e-mail address has one account', async (t) => {
  const { database, accounts } = await open(dataFolder(t))
  t.teardown(() => database.destroy())
  const [first, second] = [await accounts.create(ada, clock()), await accounts.create(ada, clock())]
  t.ok(first)
  t.equal(second, null)
  t.strictSame(await accounts.findByEmail(ada.email), first, 'the first one stays as it was')
})

t.test('an account without roles or scope has none', async (t) => {
  const { database, accounts } = await open(dataFolder(t))
  t.teardown(() => database.destroy())
  const created = await accounts.create({ ...ada, roles: [], scope: [] }, clock())
  t.match(created, { roles: [], scope: [] })
})

t.test('whoever is not there is not found', async (t) => {
  const { database, accounts } = await open(dataFolder(t))
  t.teardown(() => database.destroy())
  await accounts.create(ada, clock())
  for (const text of ['', '%', "' or 1=1 --", 'ADA@example.com']) {
    t.equal(await accounts.findByEmail(text), null, text)
    t.equal(await accounts.findById(text), null, text)
  }
})

t.test('a new password takes the place of the old one', async (t) => {
  const { database, accounts } = await open(dataFolder(t))
  t.teardown(() => database.destroy())
  const created = await accounts.create(ada, clock())
  if (created === null) throw new Error('not created')
  t.ok(await accounts.changePassword(created, 'another hash'))
  t.match(await accounts.findByEmail(ada.email), {
    ...{ ...ada, passwordHash: 'another hash', passwordVersion: 1 }
  })
  t.notOk(await accounts.changePassword(created, 'a third'), 'and who saw the first is too late')
  t.match(await accounts.findByEmail(ada.email), { passwordHash: 'another hash' })
})

t.test('a hash is made anew where it is still the one that was seen', async (t) => {
  const { database, accounts } = await open(dataFolder(t))
  t.teardown(() => database.destroy())
  const { id, passwordHash } = (await accounts.create(ada, clock())) ?? { id: '', passwordHash: '' }
  t.ok(await accounts.replacePasswordHash(id, passwordHash, 'dearer'))
  t.notOk(await accounts.replacePasswordHash(id, passwordHash, 'dearer still'))
  t.match(await accounts.findById(id), { passwordHash: 'dearer', passwordVersion: 0 })
})
