import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t from 'tap'
import { readConfig } from '../../src/config.ts'
import {
  keyEncryptionKeys,
  opsToken,
  randomSecret,
  refreshKeys
} from '../../src/secrets/secrets.ts'

t.test('the first start makes secrets, and later ones read them', async (t) => {
  const folder = join(dataFolder(t), 'made')
  const config = readConfig({ GATEHOUSE_DATA_DIR: folder })

  const [ring, [key]] = [refreshKeys(config), keyEncryptionKeys(config)]

  const again = refreshKeys(config).newest
  t.equal(again.id, ring.newest.id)
  t.ok(again.secret.equals(ring.newest.secret))
  t.strictSame(keyEncryptionKeys(config), [key])
  t.equal(ring.newest.secret.symmetricKeySize, 32)
  t.notSame(ring.newest.secret.export(), key, 'two secrets')
  t.strictSame(readdirSync(folder).sort(), ['key-encryption-key', 'refresh-keys'], 'and no drafts')
  t.equal(statSync(folder).mode & 0o777, 0o700, 'no other user may read it')
  for (const file of readdirSync(folder)) {
    t.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file)
  }
})

t.test('a secret may be given as it is, or in a file', async (t) => {
  const folder = dataFolder(t)
  const file = join(folder, 'secret')
  const key = randomSecret()
  // With Windows line ends.
  writeFileSync(file, `${key} \r\n`)
  for (const given of [
    { AUTH_KEY_ENCRYPTION_KEY: key },
    { AUTH_KEY_ENCRYPTION_KEY: ` ${key}\r\n` },
    { AUTH_KEY_ENCRYPTION_KEY_FILE: file }
  ]) {
    const config = readConfig({ GATEHOUSE_DATA_DIR: folder, ...given })
    t.equal(
      keyEncryptionKeys(config)[0].toString('base64url'),
      key,
      Object.keys(given).join(' and ')
    )
  }
})

t.test('there may be several key-encryption keys, the newest first', async (t) => {
  const [next, old] = [randomSecret(), randomSecret()]
  const readKeys = (AUTH_KEY_ENCRYPTION_KEY: string) =>
    keyEncryptionKeys(readConfig({ AUTH_KEY_ENCRYPTION_KEY })).map((key) =>
      key.toString('base64url')
    )
  t.strictSame(readKeys(`${next},${old}`), [next, old])
  t.strictSame(readKeys(` ${next},\n${old}\n`), [next, old])
  t.throws(() => readKeys(`${next},short`), { name: 'SettingsFault' })
  t.throws(() => readKeys(','), { name: 'SettingsFault' })
})

t.test('an unusable secret is a fault that does not contain it', async (t) => {
  const short = randomBytes(16).toString('base64url')
  const wrong = {
    'AUTH_REFRESH_KEYS: refresh key 1 is not "id:secret"': { AUTH_REFRESH_KEYS: short },
    'AUTH_KEY_ENCRYPTION_KEY must be 32 random bytes as base64url': {
      AUTH_KEY_ENCRYPTION_KEY: short
    },
    'AUTH_REFRESH_KEYS_FILE: cannot read /nowhere: no such file': {
      AUTH_REFRESH_KEYS_FILE: '/nowhere'
    }
  }
  const zeros = Buffer.alloc(32).toString('base64url')
  const words = Buffer.from('change-me!change-me!change-me!cc').toString('base64url')
  for (const placeholder of [zeros, words]) {
    const given = { AUTH_KEY_ENCRYPTION_KEY: placeholder, AUTH_REFRESH_KEYS: `1:${placeholder}` }
    const config = readConfig({ GATEHOUSE_DATA_DIR: dataFolder(t), ...given })
    t.throws(() => keyEncryptionKeys(config), { name: 'SettingsFault' }, 'a placeholder')
    t.throws(() => refreshKeys(config), { name: 'SettingsFault' }, 'a placeholder')
  }
  for (const [fault, given] of Object.entries(wrong)) {
    const read = () => {
      const config = readConfig({ GATEHOUSE_DATA_DIR: dataFolder(t), ...given })
      return [refreshKeys(config), keyEncryptionKeys(config)]
    }
    const error: unknown = t.throws(read, { name: 'SettingsFault' })
    t.match(String(error), fault)
    t.notMatch(String(error), short)
  }
})

t.test('a data folder that is a file is a fault, and no stack trace', async (t) => {
  const file = join(dataFolder(t), 'file')
  writeFileSync(file, '')
  t.throws(() => refreshKeys(readConfig({ GATEHOUSE_DATA_DIR: file })), {
    name: 'SettingsFault',
    message: /GATEHOUSE_DATA_DIR: cannot write in .*: a file with this name exists/
  })
})

t.test('in production, no secret is created', async (t) => {
  const folder = dataFolder(t)
  const config = { ...readConfig({ GATEHOUSE_DATA_DIR: folder }), NODE_ENV: 'production' as const }
  t.throws(() => refreshKeys(config), { name: 'SettingsFault' })
  t.throws(() => keyEncryptionKeys(config), { name: 'SettingsFault' })
  t.strictSame(readdirSync(folder), [])
})

t.test('the secrets of the overlay for development are refused in production', async (t) => {
  const overlay = new URL(
    '../../../../infra/kubernetes/overlays/dev/kustomization.yaml',
    import.meta.url
  )
  const literals = readFileSync(overlay, 'utf8').matchAll(/- (AUTH_\w+)=(\S+)/g)
  const given = Object.fromEntries([...literals].map(([, name, value]) => [name, value]))
  const config = readConfig({ GATEHOUSE_DATA_DIR: dataFolder(t), ...given })
  const readers = {
    AUTH_REFRESH_KEYS: refreshKeys,
    AUTH_KEY_ENCRYPTION_KEY: keyEncryptionKeys,
    AUTH_OPS_TOKEN: opsToken
  }
  for (const [name, read] of Object.entries(readers)) {
    t.ok(name in given, `${name} is in the overlay`)
    t.ok(read(config), `${name} is good in development`)
    const message = new RegExp(`${name} is an example for development`)
    t.throws(() => read({ ...config, NODE_ENV: 'production' }), { message })
  }
})

t.test('a secret that another process has created is used, not overwritten', async (t) => {
  const folder = dataFolder(t)
  const file = join(folder, 'key-encryption-key')
  const key = randomSecret()
  writeFileSync(file, `${key}\n`)
  const config = readConfig({ GATEHOUSE_DATA_DIR: folder })
  t.equal(keyEncryptionKeys(config)[0].toString('base64url'), key)
  t.equal(readFileSync(file, 'utf8'), `${key}\n`)
})
