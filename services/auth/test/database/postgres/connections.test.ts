import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { faults } from '@gatehouse/fixtures/faults'
import { flakyLink } from '@gatehouse/fixtures/flaky-link'
import { DATABASE_PATIENCE_MS, patience } from '@gatehouse/fixtures/patience'
import {
  asked,
  postgresMissing,
  postgresServer,
  postgresStandby
} from '@gatehouse/fixtures/postgres-server'
import t from 'tap'
import { readConfig } from '../../../src/config.ts'
import { openTables } from '../../../src/database/opening/open-tables.ts'
import { postgresAddress } from '../../../src/database/postgres/address/postgres-address.ts'
import { postgresPools } from '../../../src/database/postgres/pools/postgres-pools.ts'
import { startAuth } from '../../../src/start.ts'
import { email, password, registered } from '../../fixtures/auth-service.ts'
import { addressOf, patient } from '../../fixtures/database/databases.ts'
import { areRefused, serviceOn, worksAgain } from '../../fixtures/database-outage.ts'
import { isProblem } from '../../fixtures/problem.ts'

const clients = [
  'host all gatehouse,narrow 127.0.0.1/32 trust',
  'host all secretive 127.0.0.1/32 scram-sha-256',
  'host replication gatehouse 127.0.0.1/32 trust'
]
const server = postgresMissing ? null : await postgresServer(t, {}, { clients })
const LONG_MS = 20_000

t.test(
  'an auth service is ready when PostgreSQL has accepted three connections',
  { skip: postgresMissing },
  async (t) => {
    const base = (await server?.database()) ?? ''
    // The migrations need more connections.
    const tables = await openTables({
      address: addressOf(base),
      folder: '',
      poolSize: 5,
      ...patient
    })
    await tables.destroy()
    await asked(base, 'create role narrow login connection limit 2')
    await asked(base, 'grant all on all tables in schema public to narrow')
    const settings = {
      GATEHOUSE_DATA_DIR: dataFolder(t),
      DATABASE_URL: base.replace('gatehouse@', 'narrow@'),
      LOG_LEVEL: 'silent',
      AUTH_PORT: '0',
      AUTH_OPS_PORT: '0'
    }
    const { opsUrl, close } = await startAuth(readConfig({ ...settings, ...patience }))
    t.teardown(close)
    const readyz = async () => {
      const answer = await fetch(`${opsUrl}/readyz`)
      return { httpStatus: answer.status, ...((await answer.json()) as object) }
    }
    const accounts = 'the database has not answered 3 calls at once since the start'
    t.match(await readyz(), { httpStatus: 503, status: 'not ready', failing: { accounts } })

    await asked(base, 'alter role narrow connection limit 3')
    const ready = await eventually(readyz, ({ httpStatus }) => httpStatus === 200, LONG_MS)
    t.match(ready, { status: 'ready', failing: {} })
    const open = "select 1 from pg_stat_activity where usename = 'narrow'"
    t.equal((await asked(base, open)).length, 3)

    await asked(base, 'alter role narrow connection limit 2')
    t.match(await readyz(), { httpStatus: 200, status: 'ready' }, 'no later check needs a new one')
  }
)

t.test(
  'the password of PostgreSQL changes while the service runs, and no connection fails',
  { skip: postgresMissing },
  async (t) => {
    const base = (await server?.database()) ?? ''
    const atServer = (password: string) =>
      asked(base, `alter role secretive password '${password}'`)
    await asked(base, "create role secretive login password 'right'")
    const file = join(dataFolder(t), 'password')
    const inFile = (password: string) => writeFileSync(file, `${password}\n`)
    inFile('right')
    const address = postgresAddress(base.replace('gatehouse@', 'secretive@'), {
      DATABASE_PASSWORD: 'right',
      DATABASE_PASSWORD_FILE: file
    })
    const pools = postgresPools({ address, poolSize: 1, statementMs: DATABASE_PATIENCE_MS })
    t.teardown(() => pools.end())
    const connect = async () => {
      const client = await pools.connect()
      // The next one is a new connection.
      client.release(true)
      return true
    }
    t.ok(await connect())
    inFile('changed')
    t.ok(await connect(), 'the file is ahead of the server')
    await atServer('changed')
    t.ok(await connect(), 'both have it')
    await atServer('right')
    await t.rejects(connect(), { code: '28P01' }, 'the server is ahead of the file')
    inFile('right')
    t.ok(await connect())
    rmSync(file)
    t.ok(await connect(), 'a file that is gone for a moment holds no other password')
  }
)

t.test(
  'PostgreSQL fails over to its standby: no acknowledged registration is lost',
  { skip: postgresMissing },
  async (t) => {
    const url = new URL((await server?.database()) ?? '')
    const standby = await postgresStandby(t, url.href)
    // The name of a database, or its virtual address, leads to the server that is the primary.
    const link = await flakyLink(t, Number(url.port))
    const address = Object.assign(new URL(url), { port: String(link.port) })
    const options = { address: addressOf(address.href), folder: '', poolSize: 5, ...patient }
    const { auth, token, ask } = await serviceOn(t, options)
    await registered(auth, 'last@example.com')
    const caughtUp = 'select 1 from pg_stat_replication where replay_lsn = pg_current_wal_lsn()'
    const followers = () => asked(url.href, caughtUp)
    t.equal((await eventually(followers, ({ length }) => length === 1, LONG_MS)).length, 1)

    await server?.kill()
    const refused = await ask['a login']()
    isProblem(t, refused, { code: 'UNAVAILABLE' })
    t.strictSame([refused.statusCode], faults.databaseFailover.statuses)
    link.leadTo(standby.port)
    await areRefused(t, { 'a login': ask['a login'], 'a registration': ask['a registration'] })
    t.equal((await ask.me()).statusCode, 200, 'a standby that is not promoted yet serves reads')

    const there = Object.assign(new URL(url), { port: String(standby.port) })
    await asked(there.href, 'select pg_promote()')
    await worksAgain(t, auth, token, faults.databaseFailover)
    const logins = [email, 'last@example.com'].map((email) =>
      auth.post('/login', { email, password })
    )
    const lost = (await Promise.all(logins)).filter(({ statusCode }) => statusCode !== 200)
    t.equal(lost.length, faults.databaseFailover.lost)
  }
)
