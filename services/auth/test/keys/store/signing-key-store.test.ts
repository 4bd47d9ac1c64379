import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { testClock } from '@gatehouse/fixtures/clock'
import t from 'tap'
import { generateSigningKey, type KeyState } from '../../../src/keys/signing-key.ts'
import { readPublicKeys } from '../../../src/keys/store/public-keys.ts'
import { ensureActiveKey, signingKeyStore } from '../../../src/keys/store/signing-key-store.ts'
import { databaseKinds, type TestDatabase } from '../../fixtures/database/databases.ts'

const clock = testClock()
const keyEncryptionKey = randomBytes(32)

/** The key store of a database, as the service opens it at a start. */
async function start(database: TestDatabase, key: Buffer = keyEncryptionKey, ...older: Buffer[]) {
  const db = await database.open()
  return { store: signingKeyStore(db, [key, ...older], clock), db }
}

const kinds = databaseKinds

for (const kind of kinds) {
  t.test(
    `${kind.name}: the first start creates a key, and every later one finds it`,
    { skip: kind.skip },
    async (t) => {
      const folder = await kind.make(t)
      const first = await start(folder)
      const made = await ensureActiveKey(first.store, 'EdDSA', clock())

      const second = await start(folder)
      const found = await ensureActiveKey(second.store, 'EdDSA', clock())

      t.equal(made.length, 1)
      t.match(made[0], { algorithm: 'EdDSA', state: 'active' })
      t.strictSame(found, made, 'with its private half')
    }
  )

  t.test(
    `${kind.name}: retiring keys are published with the active one`,
    { skip: kind.skip },
    async (t) => {
      const { store } = await start(await kind.make(t))
      const states: KeyState[] = ['standby', 'retiring', 'retired', 'revoked']
      for (const [age, state] of states.entries()) {
        await store.insert(await generateSigningKey('ES256', state), clock() + age * 1000)
      }

      const keys = await ensureActiveKey(store, 'ES256', clock())

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
      const [key] = await ensureActiveKey(first.store, 'ES256', clock())

      const { store } = await start(folder, randomBytes(32))
      await t.rejects(ensureActiveKey(store, 'ES256', clock()), {
        message: new RegExp(
          `^AUTH_KEY_ENCRYPTION_KEY: the signing key ${key?.kid} in the database was encrypted with another key\\.`
        )
      })
    }
  )

  t.test(
    `${kind.name}: after the key-encryption key was changed, the old one decrypts nothing`,
    { skip: kind.skip },
    async (t) => {
      const database = await kind.make(t)
      const [old, next] = [randomBytes(32), randomBytes(32)]
      const before = await start(database, old)
      const made = await ensureActiveKey(before.store, 'ES256', clock())
      const loaded = async (key: Buffer, ...older: Buffer[]) =>
        ensureActiveKey((await start(database, key, ...older)).store, 'ES256', clock())

      const known = await start(database, old, next)
      t.equal(await known.store.reseal(), 0, 'known, and not in use yet')
      const used = await start(database, next, old)
      t.strictSame(await loaded(next, old), made)
      t.equal(await used.store.reseal(), 1)
      t.equal(await used.store.reseal(), 0, 'once')
      t.strictSame(await known.store.live(), made, 'with the earlier key too')
      t.strictSame(await loaded(next), made)
      await t.rejects(loaded(old), { message: /was encrypted with another key/ })
    }
  )

  t.test(
    `${kind.name}: a public half that was replaced in the database is neither published nor believed`,
    { skip: kind.skip },
    async (t) => {
      const { store, db } = await start(await kind.make(t))
      const made = await ensureActiveKey(store, 'ES256', clock())
      const [genuine] = made
      const kid = genuine?.kid ?? ''
      t.strictSame(await readPublicKeys(db), [genuine?.publicJwk])
      const { publicJwk } = await generateSigningKey('ES256', 'active')
      for (const forged of [{ ...publicJwk, kid }, { kid }]) {
        await db
          .updateTable('signing_keys')
          .set({ public_jwk: JSON.stringify(forged) })
          .where('kid', '=', kid)
          .execute()
        t.strictSame(await store.live(), made, 'the one of its private half counts')
        t.strictSame(await readPublicKeys(db), [])
      }
    }
  )

  t.test(
    `${kind.name}: the private half of a retired or revoked key is deleted`,
    { skip: kind.skip },
    async (t) => {
      const { store, db } = await start(await kind.make(t))
      await ensureActiveKey(store, 'ES256', clock())
      for (const state of ['retired', 'revoked'] as const) {
        const key = await generateSigningKey('ES256', 'standby')
        await store.change(async ({ add, write }) => {
          const record = await add(key, clock())
          await write([{ ...record, state }])
        })
        const { sealed_private_key: sealed } = await db
          .selectFrom('signing_keys')
          .select('sealed_private_key')
          .where('kid', '=', key.kid)
          .executeTakeFirstOrThrow()
        t.equal(sealed, '', state)
      }
      t.equal(await store.reseal(), 0, 'nor is there anything left to encrypt again')
    }
  )

  t.test(
    `${kind.name}: of several simultaneous first starts, one creates the key`,
    { skip: kind.skip },
    async (t) => {
      const database = await kind.make(t)
      const starts = await Promise.all(Array.from({ length: 5 }, () => start(database)))
      const loaded = await Promise.all(
        starts.map(({ store }) => ensureActiveKey(store, 'ES256', clock()))
      )
      t.equal(new Set(loaded.map(([key]) => key?.kid)).size, 1)
      t.strictSame(
        loaded.map((keys) => keys.length),
        [1, 1, 1, 1, 1]
      )
      const [one] = starts
      const events = await one?.db.selectFrom('audit_events').selectAll().orderBy('kind').execute()
      const kid = loaded[0]?.[0]?.kid
      t.strictSame(
        events?.map(({ kind, subject, address }) => [kind, subject, address]),
        [
          ['key-activated', kid, 'start'],
          ['key-created', kid, 'start']
        ],
        'the audit log has its birth, once'
      )
    }
  )
}

t.test('SQLite: no file of the database has a private key in clear', async (t) => {
  const database = await kinds.find(({ name }) => name === 'SQLite')?.make(t)
  if (database === undefined) throw new Error('there is SQLite')
  const { store } = await start(database)
  const [key] = await ensureActiveKey(store, 'ES256', clock())
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
