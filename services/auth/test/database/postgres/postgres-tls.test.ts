import { authority } from '@gatehouse/fixtures/certificates'
import { DATABASE_PATIENCE_MS } from '@gatehouse/fixtures/patience'
import { asked, postgresMissing, postgresServer } from '@gatehouse/fixtures/postgres-server'
import { Kysely, sql } from 'kysely'
import t, { type Test } from 'tap'
import { openTables } from '../../../src/database/opening/open-tables.ts'
import type { PostgresSettings } from '../../../src/database/postgres/address/postgres-address.ts'
import { postgresAddress } from '../../../src/database/postgres/address/postgres-address.ts'
import { postgresDialect } from '../../../src/database/postgres/postgres-dialect.ts'
import type { Tables } from '../../../src/database/tables.ts'

/** How a connection of the service is secured at the server. */
async function connected(t: Test, url: string, settings: PostgresSettings = {}) {
  const address = postgresAddress(url, settings)
  const database = new Kysely<Tables>({
    dialect: postgresDialect({ address, poolSize: 1, statementMs: DATABASE_PATIENCE_MS })
  })
  t.teardown(() => database.destroy())
  const { rows } = await sql<{ ssl: boolean; name: string | null }>`
    select ssl, client_dn as name from pg_stat_ssl where pid = pg_backend_pid()`.execute(database)
  return rows[0]
}

/** The faults that the start of the service reports for an address, without waiting. */
async function startFault(t: Test, url: string, settings: PostgresSettings = {}): Promise<Error> {
  const onWaiting = () => t.fail(`nothing is waited for: ${url}`)
  const address = postgresAddress(url, settings)
  const opening = openTables({ address, folder: '', poolSize: 1, waitSeconds: 20, onWaiting })
  return await opening.then(
    () => new Error('it started'),
    (error) => error
  )
}

const CLIENTS = [
  'local all gatehouse trust',
  'host all gatehouse 127.0.0.1/32 trust',
  'hostssl all tls_only 127.0.0.1/32 trust',
  'hostnossl all plain_only 127.0.0.1/32 trust',
  'hostssl all certified 127.0.0.1/32 cert',
  'host all secretive 127.0.0.1/32 scram-sha-256',
  'host all owner,owner_2 127.0.0.1/32 scram-sha-256',
  'host all reader 127.0.0.1/32 trust'
]

/**
 * A server with TLS, with users who authenticate in different ways, and the authority that signed
 * its certificate.
 */
async function setUp(t: Test) {
  const own = await authority(t)
  // The certificate does not have the name with which the tests connect, but has the address.
  const tls = await own.issue('db.internal', ['127.0.0.1'])
  const server = await postgresServer(
    t,
    {},
    { tls: { ...tls, authority: own.file }, clients: CLIENTS }
  )
  const base = await server.database()
  await asked(base, "create role secretive login password 'right'; create role reader login")
  for (const role of ['tls_only', 'plain_only', 'certified']) {
    await asked(base, `create role ${role} login superuser`)
  }
  const as = (user: string, parameters = '', host = '127.0.0.1') => {
    const url = new URL(`${base}${parameters}`)
    url.username = user
    url.hostname = host
    return url.href
  }
  return { own, as, base }
}

t.test('PostgreSQL gets TLS and passwords as configured', { skip: postgresMissing }, async (t) => {
  const { own, as, base } = await setUp(t)
  const other = await authority(t, 'another authority')

  t.test('sslmode has the meaning that it has in libpq', async (t) => {
    const secured = (url: string, settings?: PostgresSettings) =>
      connected(t, url, settings).then((connection) => connection?.ssl)
    t.equal(await secured(base), true, 'prefer, the default: TLS where it is offered')
    t.equal(await secured(as('plain_only')), false, 'prefer: plain where TLS is refused')
    t.equal(await secured(as('gatehouse', '?sslmode=disable')), false)
    t.equal(await secured(as('gatehouse', '?sslmode=allow')), false)
    t.equal(await secured(as('tls_only', '?sslmode=allow')), true, 'allow: TLS where it is needed')
    t.equal(await secured(as('gatehouse', '?sslmode=require')), true, 'any certificate')
    t.equal(await secured(as('gatehouse', '?ssl=true')), true)
    const rooted = `&sslrootcert=${own.file}`
    t.equal(await secured(as('gatehouse', `?sslmode=verify-full${rooted}`)), true)
    t.equal(await secured(as('gatehouse', `?sslmode=verify-ca${rooted}`, 'localhost')), true)
    t.equal(
      await secured(as('gatehouse'), {
        DATABASE_SSLMODE: 'verify-full',
        DATABASE_CA_FILE: own.file
      }),
      true,
      'the same by settings'
    )
  })

  t.test('the client certificate is presented to the server', async (t) => {
    const { cert, key } = await own.issue('certified')
    const parameters = `?sslmode=verify-full&sslrootcert=${own.file}&sslcert=${cert}&sslkey=${key}`
    t.match(await connected(t, as('certified', parameters)), { name: '/CN=certified' })
    const files = { DATABASE_CA_FILE: own.file, DATABASE_CERT_FILE: cert, DATABASE_KEY_FILE: key }
    t.match(await connected(t, as('certified'), files), { name: '/CN=certified' })
    const { key: otherKey } = await own.issue('another')
    t.throws(() => postgresAddress(as('certified'), { ...files, DATABASE_KEY_FILE: otherKey }), {
      message: `DATABASE_KEY_FILE: ${otherKey} is not the key of the certificate in ${cert}`
    })
  })

  t.test('PostgreSQL accepts a password from a separate setting', async (t) => {
    t.ok(await connected(t, as('secretive'), { DATABASE_PASSWORD: 'right' }))
    const { message } = await startFault(t, as('secretive'), { DATABASE_PASSWORD: 'hunter2' })
    t.match(message, /28P01.*DATABASE_PASSWORD/)
    t.notMatch(message, 'hunter2')
  })

  t.test('a password may have any characters, in the address or in its setting', async (t) => {
    for (const password of [
      'pä ö%41/w@rd:?&#+ "\'\\',
      '日本\u00a0ﬁ',
      ' a space at each end ',
      '%'
    ]) {
      const literal = password.replaceAll("'", "''")
      await asked(base, `alter role secretive password '${literal}'`)
      t.ok(await connected(t, as('secretive'), { DATABASE_PASSWORD: password }), password)
      const encoded = as('secretive').replace('@', `:${encodeURIComponent(password)}@`)
      t.ok(await connected(t, encoded), password)
    }
    await asked(base, "alter role secretive password 'right'")
  })

  t.test('a second role that acts as the first allows a new password without a gap', async (t) => {
    await asked(base, "create role owner login password 'old'")
    await asked(base, 'create database rotated owner owner')
    const opened = async (user: string, DATABASE_PASSWORD: string) => {
      const url = as(user).replace(/[^/]+$/, 'rotated')
      const address = postgresAddress(url, { DATABASE_PASSWORD })
      const onWaiting = () => t.fail('nothing is waited for')
      const statementMs = DATABASE_PATIENCE_MS
      const options = { address, folder: '', poolSize: 1, statementMs, waitSeconds: 20, onWaiting }
      const tables = await openTables(options)
      t.teardown(() => tables.destroy())
      return tables
    }
    const before = await opened('owner', 'old')
    // docs/runbooks/passwords.md
    await asked(base, "create role owner_2 login password 'new' in role owner")
    await asked(base, "alter role owner_2 set role = 'owner'")
    const after = await opened('owner_2', 'new')
    await after.insertInto('session_store').values({ one: 1, incarnation: 'a run' }).execute()
    await sql`create table of_a_later_version (one integer)`.execute(after)
    const { rows } = await sql`
      select tableowner from pg_tables where tablename = 'of_a_later_version'`.execute(after)
    t.strictSame(rows, [{ tableowner: 'owner' }], 'a migration by it serves both')

    await asked(base, 'alter role owner nologin')
    const read = await before.selectFrom('session_store').select('incarnation').execute()
    t.strictSame(read, [{ incarnation: 'a run' }], 'open connections continue')
    await t.rejects(opened('owner', 'old'), /28000/)
    await opened('owner_2', 'new')
  })

  t.test(
    'a fault that waiting cannot fix prevents the start at once, with its cause and a remedy',
    async (t) => {
      const faults: [url: string, message: RegExp][] = [
        [
          as('gatehouse', `?sslmode=verify-full&sslrootcert=${other.file}`),
          /SELF_SIGNED.*sslrootcert/
        ],
        [
          as('gatehouse', `?sslmode=require&sslrootcert=${other.file}`),
          /sslrootcert.*sslmode=require/
        ],
        [as('gatehouse', '?sslmode=verify-full'), /SELF_SIGNED.*DATABASE_CA_FILE/],
        [
          as('gatehouse', `?sslmode=verify-full&sslrootcert=${own.file}`, 'localhost'),
          /ALTNAME.*sslmode=verify-ca/
        ],
        [as('tls_only', '?sslmode=disable'), /28000.*sslmode=require/],
        [as('certified', '?sslmode=require'), /certificate.*28000/],
        [as('nobody', '?sslmode=require'), /28000.*pg_hba\.conf/],
        [
          as('secretive').replace('secretive', 'secretive:hunter2'),
          /password authentication failed.*28P01/
        ],
        [as('gatehouse').replace(/[^/]+$/, 'nowhere'), /"nowhere" does not exist \(3D000\)/],
        [as('reader'), /permission denied for schema public \(42501\).*in its schema/]
      ]
      for (const [url, message] of faults) {
        const fault = await startFault(t, url)
        t.equal(fault.name, 'StartFault', String(message))
        t.match(fault.message, message)
        t.match(fault.message, /^PostgreSQL at (127\.0\.0\.1|localhost):\d+ cannot be used: /)
        t.notMatch(fault.message, 'hunter2')
      }
    }
  )
})
