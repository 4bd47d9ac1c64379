import { Kysely } from 'kysely'
import t from 'tap'
import { nodeSqliteDialect } from '../../../src/database/sqlite/sqlite-dialect.ts'
import type { Tables } from '../../../src/database/tables.ts'
import {
  authService,
  disable,
  email,
  OPS_TOKEN,
  password,
  registered
} from '../../fixtures/auth-service.ts'
import { migratedMemory } from '../../fixtures/database/migrated-sqlite.ts'
import { memoryTransport } from '../../fixtures/mail/mail-instance.ts'

/** A service that counts the statements of its database. */
async function countingService(
  t: Parameters<typeof authService>[0],
  more: Parameters<typeof authService>[1] = {}
) {
  const statements: string[] = []
  const database = new Kysely<Tables>({
    dialect: nodeSqliteDialect(await migratedMemory()),
    log: ({ query }) => void statements.push(query.sql)
  })
  t.teardown(() => database.destroy())
  const transport = memoryTransport()
  const verified: string[] = []
  const auth = await authService(t, {
    database,
    mail: { transport },
    ...more,
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

t.test(
  'a registration costs the same work and gets the same answer, where verification is required',
  async (t) => {
    const { auth, statements, sent } = await countingService(t, { emailVerification: 'required' })
    await auth.ops.inject({
      method: 'POST',
      url: '/ops/users',
      payload: { email, password },
      headers: { authorization: `Bearer ${OPS_TOKEN}`, host: 'auth.internal' }
    })
    const asked = async (path: string, payload: object) => {
      statements.length = 0
      const answer = await auth.post(path, payload)
      const { date: _, 'x-request-id': __, ...headers } = answer.headers
      const members = Object.entries(answer.json()).map(([name, value]) => [
        name,
        `${value}`.length
      ])
      return { work: [...statements], status: answer.statusCode, members, headers }
    }
    const free = await asked('/register', { email: 'new@example.com', password })
    t.equal(free.status, 202)
    t.notMatch(free.work.join(), '"accounts"', 'no account is looked up')
    t.strictSame(await asked('/register', { email, password }), free, 'a taken address')
    const sends = await asked('/email/verify/send', { email: 'stranger@example.com' })
    t.strictSame(await asked('/email/verify/send', { email }), sends)
    await auth.mail.deliverer.idle()
    t.strictSame(sent.map(({ letter, to }) => `${letter} ${to}`).sort(), [
      `already-registered ${email}`,
      'confirm-registration new@example.com'
    ])
  }
)
