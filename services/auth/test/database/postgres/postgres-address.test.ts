import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import pg from 'pg'
import t from 'tap'
import {
  type PostgresSettings,
  postgresAddress
} from '../../../src/database/postgres/address/postgres-address.ts'

const read = (parameters: string, settings: PostgresSettings = {}) =>
  postgresAddress(`postgres://ada:secret@db.example/app${parameters}`, settings)

t.test('TLS parameters are removed from the address, and the others stay', async (t) => {
  const address = read('?sslmode=require&application_name=app&pgbouncer=true&options=-c%20a%3Db')
  t.match(address, { sslmode: 'require', server: 'db.example' })
  const left = new URL(address.connectionString)
  t.strictSame(Object.fromEntries(left.searchParams), {
    application_name: 'app',
    options: '-c a=b'
  })
  t.equal(left.password, 'secret')
  t.equal(read('?channel_binding=require').channelBinding, true)
})

t.test('the password can be a separate setting, without encoding', async (t) => {
  for (const url of [
    'postgres://ada@db/app',
    'postgres://ada@/app?host=/run',
    'postgres:///app?user=ada'
  ]) {
    for (const DATABASE_PASSWORD of ['pä%41ss/w@rd:?&#+ "', 'plain']) {
      const { connectionString } = postgresAddress(url, { DATABASE_PASSWORD })
      const { user, password, database } = new pg.Client({ connectionString })
      t.strictSame([user, password, database], ['ada', DATABASE_PASSWORD, 'app'], url)
    }
  }
  const twice = { message: /^it has a password, and DATABASE_PASSWORD is set/ }
  t.throws(() => read('', { DATABASE_PASSWORD: 'x' }), twice)
  t.throws(
    () => postgresAddress('postgres://db/app?password=secret', { DATABASE_PASSWORD: 'x' }),
    twice
  )
})

t.test('a socket of this machine needs no TLS', async (t) => {
  const cloud = 'postgres://ada:secret@/app?host=/cloudsql/project:region:name&sslmode=require'
  const { connectionString, sslmode, server } = postgresAddress(cloud, {})
  t.equal(sslmode, 'disable')
  t.equal(server, '/cloudsql/project:region:name')
  t.match(connectionString, /^postgres:\/\/ada:secret@\/app\?host=/)
})

t.test('an authority without a mode means the strictest', async (t) => {
  const file = join(dataFolder(t), 'authority.pem')
  writeFileSync(file, rootCertificates[0] ?? '')
  t.match(read('', { DATABASE_CA_FILE: file }), { sslmode: 'verify-full' })
  t.match(read(''), { sslmode: 'prefer', ways: [{ rejectUnauthorized: false }, false] })
  t.match(read('', { DATABASE_SSLMODE: 'disable' }), { ways: [false] })
  t.match(read('?sslmode=verify-full', { DATABASE_SSLMODE: 'disable' }), { sslmode: 'verify-full' })
})

t.test('an invalid address is reported without the password', async (t) => {
  const faults: [parameters: string, settings: PostgresSettings, message: RegExp][] = [
    ['?sslmode=verify', {}, /sslmode must be one of disable, allow, prefer, require, verify-ca/],
    ['?sslmod=require', {}, /unknown parameter sslmod; allowed: .*sslmode/],
    ['?sslmode=verify-ca', {}, /sslrootcert or DATABASE_CA_FILE.*sslmode=verify-full/],
    ['?sslmode=prefer', { DATABASE_CA_FILE: '/a' }, /DATABASE_CA_FILE.*use sslmode=verify-full/],
    ['?sslrootcert=system&sslmode=require', {}, /sslmode=verify-full/],
    [
      '?sslrootcert=/nope.pem',
      {},
      /^sslrootcert: cannot read \/nope\.pem: no such file or folder$/
    ],
    [
      '?sslmode=require',
      { DATABASE_CA_FILE: import.meta.filename },
      /^DATABASE_CA_FILE: .*postgres-address\.test\.ts is not a certificate in PEM$/
    ],
    ['', { DATABASE_CERT_FILE: '/a' }, /^DATABASE_CERT_FILE needs a key/],
    ['?sslkey=/a', {}, /^sslkey needs a certificate/]
  ]
  for (const [parameters, settings, message] of faults) {
    t.throws(() => read(parameters, settings), { message }, parameters)
  }
  t.throws(() => postgresAddress('postgres://a:secret@one,two/app', {}), /names several hosts/)
  t.throws(() => postgresAddress('postgres://a:12?secret@x/app', {}), {
    message: /^it has an unknown parameter \(in a password, \? is written %3F(?!.*secret)/
  })
  for (const text of ['postgres://a:secret@x:port/app', 'mysql://a:secret@x/app', 'localhost']) {
    t.throws(() => postgresAddress(text, {}), { message: /^it must have the form (?!.*secret)/ })
  }
  for (const text of ['postgres://a:sec/ret@x/app', 'postgres://a:secret@::1/app']) {
    t.throws(() => postgresAddress(text, {}), {
      message: /percent-encode .*\/ as %2F.*IPv6 address is in brackets/
    })
  }
  for (const text of ['postgres://a:50%@x/app', 'postgres://%zz:b@x/app', 'postgres://x/a%FF']) {
    t.throws(() => postgresAddress(text, {}), { message: /^a % in it does not .*% as %25/ }, text)
  }
})
