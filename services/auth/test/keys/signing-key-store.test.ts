import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { testClock } from '@gatehouse/fixtures/clock'
import { dataFolder } from '@gatehouse/fixtures/house'
import { Kysely } from 'kysely'
import t from 'tap'
import { migrate } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/open-database.ts'
import { nodeSqliteDialect } from '../../src/database/sqlite-dialect.ts'
import type { Tables } from '../../src/database/tables.ts'
import { generateSigningKey, type KeyState } from '../../src/keys/signing-key.ts'
import { loadSigningKeys, signingKeyStore } from '../../src/keys/signing-key-store.ts'

const clock = testClock()
const keyEncryptionKey = randomBytes(32)

/** The key store in a folder, as one start of the service opens it. */
async function start(folder: string, key = keyEncryptionKey) {
  const database = new Kysely<Tables>({
    dialect: nodeSqliteDialect(openDatabase(join(folder, 'accounts.sqlite')))
  })
  await migrate(database)
  return { database, store: signingKeyStore(database, key) }
}

t.test('the first start makes a key, and every later one finds it', async (t) => {
  const folder = dataFolder(t)
  const first = await start(folder)
  const made = await loadSigningKeys(first.store, 'EdDSA', clock())
  await first.database.destroy()

  const second = await start(folder)
  const found = await loadSigningKeys(second.store, 'EdDSA', clock())
  await second.database.destroy()

  t.equal(made.length, 1)
  t.match(made[0], { algorithm: 'EdDSA', state: 'active' })
  t.strictSame(found, made, 'with its private half')
})

t.test('keys that only verify are published beside the one that signs', async (t) => {
  const { database, store } = await start(dataFolder(t))
  const states: KeyState[] = ['standby', 'retiring', 'retired', 'revoked']
  for (const [age, state] of states.entries()) {
    await store.insert(await generateSigningKey('ES256', state), clock() + age * 1000)
  }

  const keys = await loadSigningKeys(store, 'ES256', clock())
  await database.destroy()

  t.strictSame(
    keys.map(({ state }) => state),
    ['active', 'retiring', 'standby'],
    'none that is retired or revoked'
  )
})

t.test('no file of the database has a private key in clear', async (t) => {
  const folder = dataFolder(t)
  const { database, store } = await start(folder)
  const [key] = await loadSigningKeys(store, 'ES256', clock())
  const der = Buffer.from((key?.privatePem ?? '').replace(/-----.*-----|\n/g, ''), 'base64')

  const files = readdirSync(folder).map((file) => readFileSync(join(folder, file)))
  await database.destroy()

  const held = Buffer.concat(files)
  t.ok(held.includes(key?.kid ?? '?'), 'the key is in it')
  t.notOk(held.includes('PRIVATE KEY'), 'not as PEM')
  t.ok(der.length > 100)
  t.notOk(held.includes(der.subarray(-32)), 'nor as bytes')
  t.notOk(held.includes(der.toString('base64').slice(-40)), 'nor as base64')
  t.notOk(held.includes(keyEncryptionKey), 'and not what it is sealed with')
})

t.test('with another key-encryption key the service says which setting is wrong', async (t) => {
  const folder = dataFolder(t)
  const first = await start(folder)
  const [key] = await loadSigningKeys(first.store, 'ES256', clock())
  await first.database.destroy()

  const { database, store } = await start(folder, randomBytes(32))
  await t.rejects(loadSigningKeys(store, 'ES256', clock()), {
    message: `signing key ${key?.kid} cannot be opened: AUTH_KEY_ENCRYPTION_KEY is not the one it was sealed with`
  })
  await database.destroy()
})
