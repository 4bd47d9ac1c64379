import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { DATABASE_PATIENCE_MS } from '@gatehouse/fixtures/patience'
import { asked, postgresMissing, postgresServer } from '@gatehouse/fixtures/postgres-server'
import t from 'tap'
import { postgresAddress } from '../../../src/database/postgres/postgres-address.ts'
import { postgresPools } from '../../../src/database/postgres/postgres-pools.ts'

const CLIENTS = [
  'host all gatehouse 127.0.0.1/32 trust',
  'host all secretive 127.0.0.1/32 scram-sha-256'
]

t.test(
  'the password of PostgreSQL changes while the service runs, and no connection fails',
  { skip: postgresMissing },
  async (t) => {
    const base = await (await postgresServer(t, {}, { clients: CLIENTS })).database()
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
