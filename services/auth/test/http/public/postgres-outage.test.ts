import { eventually } from '@gatehouse/fixtures/client'
import { endsInTime } from '@gatehouse/fixtures/ends-in-time'
import { faults } from '@gatehouse/fixtures/faults'
import { flakyLink } from '@gatehouse/fixtures/flaky-link'
import { OUTAGE_BOUND_MS, within } from '@gatehouse/fixtures/own-time'
import { postgresMissing, postgresServer } from '@gatehouse/fixtures/postgres-server'
import pg from 'pg'
import t, { type Test } from 'tap'
import { STATEMENT_MS } from '../../../src/database/statements/deadlines.ts'
import { addressOf, patient } from '../../fixtures/database/databases.ts'
import {
  areRefused,
  refreshesAgain,
  serviceOn,
  worksAgain
} from '../../fixtures/database-outage.ts'
import { isProblem } from '../../fixtures/problem.ts'

const postgres = postgresMissing ? null : await postgresServer(t, { max_connections: '20' })

const onPostgres = (url: string) => ({
  address: addressOf(url),
  folder: '',
  poolSize: 5,
  ...patient
})

/** Another client of the same database. */
async function guest(t: Test, url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.end())
  return client
}

const OF_SERVICE = `from pg_stat_activity
  where application_name = 'gatehouse-auth' and datname = current_database()`
const SERVICE_WAITS = `select 1 ${OF_SERVICE} and wait_event_type = 'Lock'`

/**
 * The number of the service's statements that wait for a lock. Within a transaction, the result
 * would always be the first one.
 */
async function waiting(watcher: pg.Client): Promise<number> {
  return (await watcher.query(SERVICE_WAITS)).rowCount ?? 0
}

/** Cuts every connection of the service at the server's end. */
async function cutService(client: pg.Client | undefined): Promise<void> {
  await client?.query(`select pg_terminate_backend(pid, 5000) ${OF_SERVICE}`)
}

t.test('PostgreSQL that is down is an outage', { skip: postgresMissing }, async (t) => {
  const url = (await postgres?.database()) ?? ''
  const { auth, token, ask } = await serviceOn(t, onPostgres(url))

  await postgres?.kill()
  await areRefused(t, ask)

  await postgres?.start()
  await worksAgain(t, auth, token, faults.databaseUnusable)
})

t.test('PostgreSQL that is frozen is an outage', { skip: postgresMissing }, async (t) => {
  const url = new URL((await postgres?.database()) ?? '')
  const link = await flakyLink(t, Number(url.port))
  url.port = String(link.port)
  const { auth, token, ask } = await serviceOn(t, onPostgres(url.href))

  link.hold()
  await areRefused(t, ask)
  const many = await Promise.all(Array.from({ length: 50 }, () => ask.me()))
  const { statuses } = faults.databaseUnusable
  t.strictSame([...new Set(many.map(({ statusCode }) => statusCode))], statuses, 'fifty at once')

  link.release()
  await refreshesAgain(t, auth, token, faults.databaseUnusable)
})

t.test(
  'forty clients of a slow database each get an error within a second',
  { skip: postgresMissing },
  async (t) => {
    const url = new URL((await postgres?.database()) ?? '')
    const link = await flakyLink(t, Number(url.port))
    url.port = String(link.port)
    const { ask } = await serviceOn(t, onPostgres(url.href), STATEMENT_MS)

    // The server is slow, but each statement ends within its limit. Without a bound for all
    // statements together, each client would wait for several.
    link.delay(STATEMENT_MS / 2)
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, client) =>
        within(t, OUTAGE_BOUND_MS, `client ${client}`, ask['a login'])
      )
    )
    for (const answer of answers) {
      isProblem(t, answer, { code: 'UNAVAILABLE' })
      t.strictSame([answer.statusCode], faults.databaseSlow.statuses)
    }
    link.delay(0)
    const me = async () => (await ask.me()).statusCode
    const works = await endsInTime(t, faults.databaseSlow, me, (status) => status === 200)
    t.equal(works === 200 ? 0 : 1, faults.databaseSlow.lost, 'and no connection is lost to it')
  }
)

t.test(
  'a connection whose answer never came is not used again',
  { skip: postgresMissing },
  async (t) => {
    const url = new URL((await postgres?.database()) ?? '')
    const link = await flakyLink(t, Number(url.port))
    url.port = String(link.port)
    const { ask } = await serviceOn(t, onPostgres(url.href))

    link.hold()
    await areRefused(t, { me: ask.me })
    link.forget()
    t.equal((await ask.me()).statusCode, 200)

    link.cutNextAnswer()
    await areRefused(t, { me: ask.me })
    t.equal((await ask.me()).statusCode, 200, 'nor one that broke without a word')
  }
)

t.test('PostgreSQL without free connections is an outage', { skip: postgresMissing }, async (t) => {
  const url = (await postgres?.database()) ?? ''
  const { auth, token, ask } = await serviceOn(t, onPostgres(url))
  const crowd = [await guest(t, url)]
  await cutService(crowd[0])
  for (let isFull = false; !isFull; ) {
    const next = await guest(t, url).catch(() => null)
    if (next === null) isFull = true
    else crowd.push(next)
  }

  await areRefused(t, ask)

  await Promise.all(crowd.map((client) => client.end()))
  await eventually(
    async () => (await ask.me()).statusCode,
    (status) => status === 200
  )
  await worksAgain(t, auth, token, faults.databaseUnusable)
})

t.test(
  'a connection that is cut during a statement ends no process',
  { skip: postgresMissing },
  async (t) => {
    const url = (await postgres?.database()) ?? ''
    const { ask } = await serviceOn(t, onPostgres(url))
    const [holder, watcher] = [await guest(t, url), await guest(t, url)]

    await holder.query('begin; lock table accounts in access exclusive mode')
    const asked = ask.me()
    const waits = await eventually(
      () => waiting(watcher),
      (count) => count === 1
    )
    t.equal(waits, 1)
    await cutService(watcher)

    isProblem(t, await asked, { code: 'UNAVAILABLE' })
    await holder.query('rollback')
    t.equal((await ask.me()).statusCode, 200, 'and the next has another connection')
  }
)

t.test('a standby instead of the primary is an outage', { skip: postgresMissing }, async (t) => {
  const url = (await postgres?.database()) ?? ''
  const { auth, token, ask } = await serviceOn(t, onPostgres(url))
  const operator = await guest(t, url)
  const { rows } = await operator.query('select current_database() as name')
  const everyone = `alter database ${rows[0]?.name}`

  // It accepts only reading statements, like a standby.
  await operator.query(`${everyone} set default_transaction_read_only = on`)
  await cutService(operator)
  await areRefused(t, { 'a login': ask['a login'], 'a registration': ask['a registration'] })
  t.equal((await ask.me()).statusCode, 200, 'reads still succeed')
  await areRefused(t, { 'a login': ask['a login'] })

  await operator.query(`${everyone} reset default_transaction_read_only`)
  await worksAgain(t, auth, token, faults.databaseUnusable)
})

t.test('a locked table causes 503', { skip: postgresMissing }, async (t) => {
  const url = (await postgres?.database()) ?? ''
  const { auth, token, ask } = await serviceOn(t, onPostgres(url))
  const [holder, watcher] = [await guest(t, url), await guest(t, url)]

  await holder.query('begin; lock table accounts in access exclusive mode')
  await areRefused(t, ask)
  t.equal(await waiting(watcher), 0, 'the server stops statements for which no client waits')

  await holder.query('rollback')
  await worksAgain(t, auth, token, faults.databaseUnusable)
})

t.test('PostgreSQL with a full disk is an outage', { skip: postgresMissing }, async (t) => {
  const url = (await postgres?.database()) ?? ''
  const { auth, token, ask } = await serviceOn(t, onPostgres(url))
  const operator = await guest(t, url)
  // The error that PostgreSQL reports if the file of a table cannot grow.
  await operator.query(`create function grow() returns trigger language plpgsql as
    $$ begin raise 'could not extend file' using errcode = 'disk_full'; end $$;
    create trigger grow before insert on audit_events execute function grow()`)
  await areRefused(t, { 'a login': ask['a login'], 'a registration': ask['a registration'] })
  t.equal((await ask.me()).statusCode, 200, 'reads still succeed')

  await operator.query('drop trigger grow on audit_events')
  await worksAgain(t, auth, token, faults.databaseUnusable)
})
