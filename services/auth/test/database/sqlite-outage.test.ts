import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { dataFolder } from '@gatehouse/fixtures/house'
import t from 'tap'
import { accountStore } from '../../src/accounts/account-store.ts'
import { openTables } from '../../src/database/open-tables.ts'

const ada = { email: 'ada@example.com', passwordHash: 'hash', roles: [], scope: [] }

t.test('a file that another holds is an outage, and none when it is let go', async (t) => {
  const folder = dataFolder(t)
  const database = await openTables({ url: undefined, folder, poolSize: 1, onWaiting: () => {} })
  t.teardown(() => database.destroy())
  const accounts = accountStore(database)
  const other = new DatabaseSync(join(folder, 'accounts.sqlite'))
  t.teardown(() => other.close())
  other.exec('begin immediate')

  const outage = { code: 'UNAVAILABLE', status: 503, headers: { 'retry-after': '1' } }
  await t.rejects(accounts.create(ada, 0), outage)
  t.equal(await accounts.findByEmail(ada.email), null, 'reading goes on')

  other.exec('rollback')
  t.match(await accounts.create(ada, 0), { email: ada.email })
  await t.rejects(
    database
      .insertInto('accounts')
      .values({ ...row, id: 'x' })
      .execute(),
    {
      message: /UNIQUE/
    }
  )
})

const row = {
  ...{ email: ada.email, password_hash: '', password_version: 0, roles: '[]', scope: '' },
  ...{ created_at: 0, disabled_at: null }
}
