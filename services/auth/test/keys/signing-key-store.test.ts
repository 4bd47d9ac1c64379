import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import { generateSigningKey, type KeyState } from '../../src/keys/signing-key.ts'
import { loadSigningKeys, signingKeyStore } from '../../src/keys/signing-key-store.ts'
import { databaseKinds, type TestDatabase } from '../fixtures/databases.ts'

const clock = testClock()
const keyEncryptionKey = randomBytes(32)

/** The key store of a database, as one start of the service opens it. */
async function start(database: TestDatabase, key = keyEncryptionKey) {
  return { store: signingKeyStore(await database.open(), key, clock) }
}

const kinds = databaseKinds(t)

for (const kind of kinds) {
  t.test(
    `${kind.name}: the first start makes a key, and every later one finds it`,
    { skip: kind.skip },
    async (t) => {
      const folder = await kind.make(t)
      const first = await start(folder)
      const made = await loadSigningKeys(first.store, 'EdDSA', clock())

      const second = await start(folder)
      const found = await loadSigningKeys(second.store, 'EdDSA', clock())

      t.equal(made.length, 1)
      t.match(made[0], { algorithm: 'EdDSA', state: 'active' })
      t.strictSame(found, made, 'with its private half')
    }
  )

  t.test(
    `${kind.name}: keys that only verify are published beside the one that signs`,
    { skip: kind.skip },
    async (t) => {
      const { store } = await start(await kind.make(t))
      const states: KeyState[] = ['standby', 'retiring', 'retired', 'revoked']
      for (const [age, state] of states.entries()) {
        await store.insert(await generateSigningKey('ES256', state), clock() + age * 1000)
      }

      const keys = await loadSigningKeys(store, 'ES256', clock())

      t.strictSame(
        keys.map(({ state }) => state),
        ['active', 'retiring', 'standby'],
        'none that is retired or revoked'
      )
    }
  )

  t.test(
    `${kind.name}: with another key-encryption key the service says which setting is wrong`,
    { skip: kind.skip },
    async (t) => {
      const folder = await kind.make(t)
      const first = await start(folder)
      const [key] = await loadSigningKeys(first.store, 'ES256', clock())

      const { store } = await start(folder, randomBytes(32))
      await t.rejects(loadSigningKeys(store, 'ES256', clock()), {
        message: `signing key ${key?.kid} cannot be opened: AUTH_KEY_ENCRYPTION_KEY is not the one it was sealed with`
      })
    }
  )

  t.test(
    `${kind.name}: of several first starts at once one makes the key`,
    { skip: kind.skip },
    async (t) => {
      const database = await kind.make(t)
      const starts = await Promise.all(Array.from({ length: 5 }, () => start(database)))
      const loaded = await Promise.all(
        starts.map(({ store }) => loadSigningKeys(store, 'ES256', clock()))
      )
      t.equal(new Set(loaded.map(([key]) => key?.kid)).size, 1)
      t.strictSame(
        loaded.map((keys) => keys.length),
        [1, 1, 1, 1, 1]
      )
    }
  )
}

t.test('SQLite: no file of the database has a private key in clear', async (t) => {
  const database = await kinds.find(({ name }) => name === 'SQLite')?.make(t)
  if (database === undefined) throw new Error('there is SQLite')
  const { store } = await start(database)
  const [key] = await loadSigningKeys(store, 'ES256', clock())
  const der = Buffer.from((key?.privatePem ?? '').replace(/-----.*-----|\n/g, ''), 'base64')

  const files = readdirSync(database.options.folder).map((file) =>
    readFileSync(join(database.options.folder, file))
  )

  const held = Buffer.concat(files)
  t.ok(held.includes(key?.kid ?? '?'), 'the key is in it')
  t.notOk(held.includes('PRIVATE KEY'), 'not as PEM')
  t.ok(der.length > 100)
  t.notOk(held.includes(der.subarray(-32)), 'nor as bytes')
  t.notOk(held.includes(der.toString('base64').slice(-40)), 'nor as base64')
  t.notOk(held.includes(keyEncryptionKey), 'and not what it is sealed with')
})
