import { type Kysely, sql } from 'kysely'
import t from 'tap'
import type { Tables } from '../../../../src/database/tables.ts'
import { EXPORTS_PER_MINUTE } from '../../../../src/throttling/open-throttling.ts'
import {
  type AuthUnderTest,
  audited,
  authService,
  email,
  OPS_TOKEN,
  password
} from '../../../fixtures/auth-service.ts'
import { databaseKinds } from '../../../fixtures/database/databases.ts'
import { memoryTransport } from '../../../fixtures/mail/mail-instance.ts'
import { withPasskey } from '../../../fixtures/passkey.ts'
import { isProblem } from '../../../fixtures/problem.ts'
import { enrol, headersOf } from '../../../fixtures/second-factor.ts'
import { exportedColumns } from './fixtures/exported-columns.ts'

type Page = { events: { at: string; kind: string; address: string | null }[]; next: string | null }

/** Every column of the tables that are about users, as the database has them. */
async function storedColumns(db: Kysely<Tables>): Promise<Record<string, string[]>> {
  const { rows } = await sql<{ table: string; column: string }>`
    select m.name as "table", c.name as "column"
    from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table'`.execute(db)
  const all: Record<string, string[]> = {}
  for (const { table, column } of rows) all[table] = [...(all[table] ?? []), column]
  return Object.fromEntries(
    Object.entries(all).filter(([table, of]) => table === 'accounts' || of.includes('subject'))
  )
}

/** the address to which the user wants to change */
const other = 'lovelace@example.com'

/** A user with everything that an account can have. */
async function richUser(auth: AuthUnderTest) {
  const { user, tokens, headers } = await withPasskey(auth)
  await enrol(auth, headers)
  await auth.post('/password/forgot', { email })
  await auth.post('/email', { email: other }, headers)
  await auth.post('/login', { email, password })
  await auth.mail.deliverer.idle()
  return { user, tokens, headers }
}

t.test('the export has everything that is stored about the user, and no secret', async (t) => {
  const transport = memoryTransport()
  const auth = await authService(t, { mail: { transport } })
  const { user, headers } = await richUser(auth)
  const answer = await auth.get('/account/export', headers)
  t.equal(answer.statusCode, 200, answer.body)
  t.match(answer.json(), {
    user: { id: user.id, email, roles: ['user'], emailTyped: email, deletionAt: null },
    authenticators: [{ name: 'Authenticator', confirmedAt: String }],
    passkeys: [{ name: 'Laptop', signCount: Number, transports: Array }],
    recoveryCodes: 10,
    sessions: [{ methods: ['pwd', 'hwk', 'user', 'otp', 'mfa'], client: 'gatehouse', scope: [] }],
    links: [{ purpose: 'password-reset', email }],
    next: null
  })
  // There would be a link only if no other account had the address.
  t.notMatch(answer.body, other, 'no address that the user has not proven')
  const kinds = (answer.json() as Page).events.map(({ kind }) => kind)
  t.ok(['user-created', 'login', 'factor-added'].every((kind) => kinds.includes(kind)))
  t.equal(kinds.at(-1), 'account-exported')
  await auth.mail.deliverer.idle()
  t.match(transport.sent.at(-1), { letter: 'account-exported', to: email })

  const stored = await storedColumns(auth.database)
  const listed = Object.entries(exportedColumns).map(([table, { exported, withheld }]) => [
    table,
    [...exported, ...withheld].sort()
  ])
  const sorted = Object.entries(stored).map(([table, of]) => [table, of.toSorted()])
  t.strictSame(Object.fromEntries(listed), Object.fromEntries(sorted), 'each column is decided')
  for (const [table, { withheld }] of Object.entries(exportedColumns)) {
    const rows = await auth.database
      .selectFrom(table as keyof Tables)
      .selectAll()
      .execute()
    for (const row of rows as Record<string, unknown>[]) {
      for (const column of withheld.filter((one) => one !== 'subject')) {
        const value = row[column]
        // A link that changes the address has the earlier one, which the user knows.
        if (typeof value !== 'string' || value.length < 12 || value === email) continue
        t.notOk(answer.body.includes(value), `${table}.${column}`)
      }
    }
  }
})

for (const { name, skip, make } of databaseKinds) {
  t.test(
    `${name}: pages of events have no gap, and no events of another user`,
    { skip },
    async (t) => {
      const auth = await authService(t, { database: await (await make(t)).open() })
      const { user, headers } = await withPasskey(auth)
      await withPasskey(auth, 'ben@example.com')
      const row = (at_ms: number, n: number) => ({
        at_ms,
        kind: 'login-failed' as const,
        subject: user.id,
        sid: null,
        address: '192.0.2.9',
        request_id: `failed-${n}`,
        detail: '{}'
      })
      const began = auth.clock() + 1000
      // Seven of each millisecond: pages must not be cut between them.
      const rows = Array.from({ length: 1200 }, (_, n) => row(began + Math.floor(n / 7), n))
      for (let n = 0; n < rows.length; n += 100) {
        await auth.database
          .insertInto('audit_events')
          .values(rows.slice(n, n + 100))
          .execute()
      }
      const seen: string[] = []
      let page = (await auth.get('/account/export', headers)).json()
      for (let pages = 1; ; pages += 1) {
        seen.push(...page.events.map(({ requestId }: { requestId: string }) => requestId))
        if (page.next === null) break
        t.ok(pages < 5)
        const answer = await auth.get(`/account/export/events?after=${page.next}`, headers)
        page = answer.json()
      }
      const own = (await audited(auth)).filter(({ subject }) => subject === user.id)
      t.strictSame(seen.toSorted(), own.map(({ request_id }) => request_id).toSorted())
    }
  )
}

t.test('exports are limited per account, and a bad place is refused', async (t) => {
  const auth = await authService(t)
  const { headers } = await withPasskey(auth)
  for (const after of ['x', '-1', '1e3', '99999999999999999']) {
    const answer = await auth.get(`/account/export/events?after=${after}`, headers)
    t.equal(answer.statusCode, 400, after)
  }
  for (let turn = 0; turn < EXPORTS_PER_MINUTE; turn += 1) {
    t.equal((await auth.get('/account/export/events?after=0', headers)).statusCode, 200)
  }
  const answer = await auth.get('/account/export', headers)
  isProblem(t, answer, { code: 'RATE_LIMITED' })
  t.match(answer.headers, { 'retry-after': /^\d+$/ })
  const { user, tokens } = await withPasskey(auth, 'ben@example.com')
  const others = await headersOf(auth, user, tokens)
  t.equal((await auth.get('/account/export', others)).statusCode, 200, 'others may')
})

t.test('an operator exports a user, and the audit log notes it', async (t) => {
  const transport = memoryTransport()
  const auth = await authService(t, { mail: { transport } })
  const { user } = await richUser(auth)
  const sent = transport.sent.length
  const get = async (path: string) =>
    await auth.ops.inject({
      method: 'GET',
      url: `/ops/users/${path}`,
      headers: { authorization: `Bearer ${OPS_TOKEN}` }
    })
  const answer = await get(`${email}/export`)
  t.match(answer.json(), { user: { id: user.id }, passkeys: [{ name: 'Laptop' }] })
  t.match((await audited(auth)).at(-1), {
    kind: 'account-exported',
    subject: user.id,
    address: 'ops',
    operator: 'bootstrap'
  })
  const events = (await get(`${user.id}/export/events?after=0`)).json()
  t.match(events.events.at(-1), { kind: 'account-exported', address: null, byOperator: true })
  t.notMatch(JSON.stringify(events), 'bootstrap', 'no name of an operator')
  await auth.mail.deliverer.idle()
  t.equal(transport.sent.length, sent, 'the user is not notified')
  isProblem(t, await get('nobody@example.com/export'), {
    code: 'NOT_FOUND',
    detail: 'there is no such user'
  })
})
