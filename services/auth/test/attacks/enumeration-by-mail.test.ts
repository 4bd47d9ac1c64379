import { Kysely } from 'kysely'
import t from 'tap'
import { migrate } from '../../src/database/migrate.ts'
import { openSqlite } from '../../src/database/open-sqlite.ts'
import { nodeSqliteDialect } from '../../src/database/sqlite-dialect.ts'
import type { Tables } from '../../src/database/tables.ts'
import { authService, disable, email, registered } from '../fixtures/auth-service.ts'
import { memoryTransport } from '../fixtures/mail-instance.ts'

/** A service that counts the statements of its database. */
async function countingService(t: Parameters<typeof authService>[0]) {
  const statements: string[] = []
  const database = new Kysely<Tables>({
    dialect: nodeSqliteDialect(openSqlite(':memory:')),
    log: ({ query }) => void statements.push(query.sql)
  })
  await migrate(database)
  t.teardown(() => database.destroy())
  const transport = memoryTransport()
  const verified: string[] = []
  const auth = await authService(t, {
    database,
    mail: { transport },
    verify: async (hash) => {
      verified.push(hash)
      return false
    }
  })
  return { auth, statements, verified, sent: transport.sent }
}

t.test(
  'a forgotten password costs the same work and gets the same answer for any address',
  async (t) => {
    const { auth, statements, verified, sent } = await countingService(t)
    await registered(auth)
    const { id } = await registered(auth, 'disabled@example.com')
    await disable(auth, id)
    const asked = async (who: string) => {
      statements.length = 0
      const answer = await auth.post('/password/forgot', { email: who })
      const { date: _, 'x-request-id': __, ...headers } = answer.headers
      return { work: [...statements], status: answer.statusCode, body: answer.body, headers }
    }
    const known = await asked(email)
    t.equal(known.status, 202)
    t.ok(known.work.length > 2, `${known.work.length} statements`)
    t.notMatch(known.work.join(), '"accounts"', 'no account is looked up')
    for (const who of ['stranger@example.com', 'disabled@example.com', 'a,b@example.com']) {
      t.strictSame(await asked(who), known, who)
    }
    t.strictSame(verified, [], 'nor a password hashed')

    const more = async (who: string) => {
      const answers = []
      for (let turn = 0; turn < 6; turn += 1) answers.push(await asked(who))
      return answers
    }
    t.strictSame(await more('stranger@example.com'), await more(email), 'also above the limit')
    await auth.mail.deliverer.idle()
    t.strictSame([...new Set(sent.map(({ to }) => to))], [email], 'only the account gets letters')
  }
)
