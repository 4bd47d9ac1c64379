import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { faults } from '@gatehouse/fixtures/faults'
import { sql } from 'kysely'
import t from 'tap'
import { password } from '../../fixtures/auth-service.ts'
import { patient } from '../../fixtures/database/databases.ts'
import { areRefused, serviceOn, worksAgain } from '../../fixtures/database-outage.ts'
import { isProblem } from '../../fixtures/problem.ts'

const inFolder = (folder: string) => ({ address: null, folder, poolSize: 1, ...patient })

t.test('a locked SQLite file causes 503', async (t) => {
  const folder = dataFolder(t)
  const { auth, token, ask } = await serviceOn(t, inFolder(folder))
  const holder = new DatabaseSync(join(folder, 'accounts.sqlite'))
  t.teardown(() => holder.close())

  holder.exec('begin immediate')
  const { 'a login': login, 'a registration': registration } = ask
  await areRefused(t, { 'a login': login, 'a registration': registration })
  t.equal((await ask.me()).statusCode, 200, 'reads still succeed')

  holder.exec('rollback')
  await worksAgain(t, auth, token, faults.databaseFileFull)
})

t.test('an SQLite file that cannot grow causes 503', async (t) => {
  const { auth, database, token, ask } = await serviceOn(t, inFolder(dataFolder(t)))
  await sql`pragma max_page_count = 1`.execute(database)

  // Writes fit into the existing pages, until these are full.
  let answer = await auth.post('/register', { email: 'a0@example.com', password })
  for (let turn = 1; answer.statusCode === 201 && turn < 200; turn++) {
    answer = await auth.post('/register', { email: `a${turn}@example.com`, password })
  }
  isProblem(t, answer, { code: 'UNAVAILABLE' })
  t.strictSame([answer.statusCode], faults.databaseFileFull.statuses)
  t.equal((await ask.me()).statusCode, 200, 'reads still succeed')

  await sql`pragma max_page_count = 100000`.execute(database)
  await worksAgain(t, auth, token, faults.databaseFileFull)
})
