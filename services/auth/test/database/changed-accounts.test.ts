import { type Kysely, sql } from 'kysely'
import t from 'tap'
import { type ChangedAccounts, changedAccounts } from '../../src/database/changed-accounts.ts'
import type { Tables } from '../../src/database/tables.ts'
import { TOKEN_COLUMNS } from '../../src/sessions/durable/find-session.ts'
import { databaseKinds, postgresKind } from '../fixtures/database/databases.ts'

/** Changes that a person makes in SQL, each with whether it can change a token. */
const CHANGES: readonly (readonly [statement: string, isNoted: boolean])[] = [
  ["update accounts set email = 'x@example.com'", true],
  ["update accounts set roles = '[]'", true],
  ["update accounts set scope = 'x'", true],
  [`update accounts set claims = '{"x":1}'`, true],
  ['update accounts set disabled_at = 1', true],
  ['update accounts set disabled_at = null', true],
  ['update accounts set tokens_not_before = 9', true],
  ['update accounts set rights_version = rights_version + 1', true],
  // Of an account that a provider has given rights for an earlier password, it changes the rights.
  ['update accounts set password_version = 2', true],
  [`update accounts set provided = '[]'`, true],
  ["update accounts set password_hash = 'x'", false],
  ['update accounts set email_verified_at = 1, delete_after = 1', false],
  ['update accounts set roles = roles', false],
  ["update sessions set amr = 'pwd otp'", true],
  ['update sessions set authenticated_at = 7', true],
  ["update sessions set scope = 'x'", true],
  ["update sessions set client_id = 'x'", true],
  ["update sessions set label = 'x'", true],
  ['update sessions set opened_at = 2', true],
  ['update sessions set expires_at = 99999999998', true],
  ['update sessions set used_at = 5', false],
  ['update sessions set untold = 1', false],
  ['update sessions set ended_at_ms = 1', true],
  ['delete from sessions', false],
  ['delete from accounts', true]
]

t.test('each column that a token is made from is among these changes', async (t) => {
  const noted = CHANGES.flatMap(([statement, isNoted]) => (isNoted ? statement : []))
  for (const column of TOKEN_COLUMNS) {
    const [table, name] = column.split('.')
    // The id of an account never changes.
    if (name === 'id') continue
    t.ok(
      noted.some((statement) => statement.startsWith(`update ${table} set ${name} =`)),
      column
    )
  }
})

async function insertAda(database: Kysely<Tables>): Promise<void> {
  const made = { password_hash: '', password_version: 1, created_at: 1 }
  await database
    .insertInto('accounts')
    .values({ id: 'ada', email: 'ada@example.com', roles: '["user"]', scope: '', ...made })
    .execute()
  await insertSession(database)
}

const insertSession = (database: Kysely<Tables>) =>
  database
    .insertInto('sessions')
    .values({
      sid: 's',
      subject: 'ada',
      opened_at: 1,
      expires_at: 99_999_999_999,
      used_at: 1,
      client_id: '',
      scope: '',
      label: ''
    })
    .execute()

const run = (database: Kysely<Tables>, statement: string) => sql.raw(statement).execute(database)

/** Reads what changed since the last call. */
async function follower(changes: ChangedAccounts) {
  let last = await changes.read(null)
  return async () => {
    const next = await changes.read(last?.next ?? null)
    last = next
    return next
  }
}

for (const { name, skip, make, empty } of databaseKinds) {
  t.test(
    `${name}: each change that a token can show is noted, whoever makes it`,
    { skip },
    async (t) => {
      const database = await (await make(t)).open()
      await insertAda(database)
      const read = await follower(changedAccounts(database))
      for (const [statement, isNoted] of CHANGES) {
        await run(database, statement)
        t.strictSame((await read())?.subjects, isNoted ? ['ada'] : [], statement)
      }
      await insertSession(database)
      await run(database, 'delete from sessions')
      t.strictSame((await read())?.subjects, ['ada'], 'an open session is deleted')
    }
  )

  t.test(`${name}: what is deleted is known to be missing`, { skip }, async (t) => {
    const database = await (await make(t)).open()
    await insertAda(database)
    const changes = changedAccounts(database)
    const before = await changes.read(null)
    await run(database, 'update accounts set disabled_at = 1')
    const after = await changes.read(null)
    t.equal(await changes.forget(after?.next ?? 0), false, 'nothing is left')
    const read = await changes.read(before?.next ?? 0)
    t.strictSame(read?.subjects, [])
    t.ok((read?.forgotten ?? 0) > (before?.next ?? 0), 'a reader of before sees that')
    t.ok((read?.forgotten ?? 0) <= (after?.next ?? 0), 'and one of after misses nothing')
  })

  t.test(`${name}: more changes than a read returns mean every account`, { skip }, async (t) => {
    const database = await (await make(t)).open()
    await insertAda(database)
    const read = await follower(changedAccounts(database))
    await sql`insert into changed_accounts (subject)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 1001)
      select 'id ' || i from n`.execute(database)
    t.strictSame((await read())?.subjects, ['*'])
    t.strictSame((await read())?.subjects, [])
  })

  t.test(`${name}: a missing trigger is noticed`, { skip }, async (t) => {
    const database = await (await empty(t)).open()
    const changes = changedAccounts(database)
    const before = await changes.read(null)
    const trigger = name === 'SQLite' ? 'changed_account_sessions_update' : 'changed_account_update'
    const table = name === 'SQLite' ? '' : 'on sessions'
    await run(database, `drop trigger ${trigger} ${table}`)
    t.not(before, null)
    t.equal(await changes.read(before?.next ?? 0), null)
  })
}

t.test('a change that commits late is in the next read (PostgreSQL)', postgresOnly(), async (t) => {
  const database = await (await postgresKind.make(t)).open()
  await insertAda(database)
  const read = await follower(changedAccounts(database))
  const begun = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const late = database.transaction().execute(async (transaction) => {
    await run(transaction, 'update accounts set disabled_at = 1')
    begun.resolve()
    await go.promise
  })
  await begun.promise
  await run(database, "update sessions set label = 'another transaction'")
  t.strictSame((await read())?.subjects, ['ada'], 'the later transaction, which is over')
  await run(database, "insert into changed_accounts (subject) values ('other')")
  t.ok((await read())?.subjects.includes('other'))
  go.resolve()
  await late
  const after = await read()
  t.equal(after?.subjects.filter((subject) => subject === 'ada').length, 2, 'the earlier one')
  t.strictSame((await read())?.subjects, [], 'and then nothing')
})

t.test(
  'changes without triggers, and restored tables, break the lineage (PostgreSQL)',
  postgresOnly(),
  async (t) => {
    const database = await (await postgresKind.empty(t)).open()
    await insertAda(database)
    const changes = changedAccounts(database)
    let last = await changes.read(null)
    const lineageChanges = async () => {
      const before = last
      last = await changes.read(null)
      return before?.lineage !== last?.lineage
    }
    const alone = (...statements: string[]) =>
      database.transaction().execute(async (transaction) => {
        for (const statement of statements) await run(transaction, statement)
      })
    t.notOk(await lineageChanges())

    await alone(
      'alter table accounts disable trigger all',
      'update accounts set disabled_at = 1',
      'alter table accounts enable trigger all'
    )
    t.equal(await changes.read(null), null, 'enabled, but not for replicated changes')
    await alone(
      ...['update', 'delete', 'truncate'].map(
        (one) => `alter table accounts enable always trigger changed_account_${one}`
      )
    )
    t.ok(await lineageChanges(), 'the triggers were off')

    const read = await follower(changes)
    await alone(
      "set local session_replication_role = 'replica'",
      'update accounts set disabled_at = null'
    )
    t.strictSame((await read())?.subjects, ['ada'], 'a replicated change is noted')
    await alone('truncate accounts')
    t.strictSame((await read())?.subjects, ['*'], 'truncated tables')
  }
)

function postgresOnly() {
  return { skip: postgresKind.skip }
}
