import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { OPS_TOKEN_FILE } from '@gatehouse/process/ops-address'
import { fileFault } from '@gatehouse/settings/file-fault'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import { isUnpredictable, type KeyRing, parseKeyRing } from './key-ring.ts'
import type { SealingKeys } from './seal.ts'
import type { SecretConfig, secretNames } from './secret-settings.ts'

/** The secrets of this process. */
export type Secrets = {
  readonly ring: KeyRing
  readonly sealing: SealingKeys
  readonly opsToken: string
}

/** @throws SettingsFault */
export const openSecrets = (config: SecretConfig): Secrets => ({
  ring: refreshKeys(config),
  sealing: keyEncryptionKeys(config),
  opsToken: opsToken(config)
})

/**
 * The keys that derive and verify refresh tokens.
 * @throws SettingsFault
 */
export function refreshKeys(config: SecretConfig): KeyRing {
  const text = readSecret(config, 'AUTH_REFRESH_KEYS', 'refresh-keys', () => `1:${randomSecret()}`)
  try {
    return parseKeyRing(text)
  } catch (error) {
    throw new SettingsFault([`AUTH_REFRESH_KEYS: ${(error as Error).message}`])
  }
}

/**
 * The keys that encrypt stored private signing keys, the newest first.
 * @throws SettingsFault
 */
export function keyEncryptionKeys(config: SecretConfig): SealingKeys {
  const text = readSecret(config, 'AUTH_KEY_ENCRYPTION_KEY', 'key-encryption-key', randomSecret)
  const [newest, ...older] = text
    .split(/[\s,]+/)
    .filter((one) => one !== '')
    .map((one) => Buffer.from(one, 'base64url'))
  const fit = (key: Buffer) => key.length === 32 && isUnpredictable(key)
  if (newest !== undefined && fit(newest) && older.every(fit)) return [newest, ...older]
  throw new SettingsFault([
    'AUTH_KEY_ENCRYPTION_KEY must be 32 random bytes as base64url, or several such keys with commas between them'
  ])
}

/**
 * The token that operators present to the ops listener.
 * @throws SettingsFault
 */
export function opsToken(config: SecretConfig): string {
  const text = readSecret(config, 'AUTH_OPS_TOKEN', OPS_TOKEN_FILE, randomSecret)
  if (isUnpredictable(Buffer.from(text))) return text
  throw new SettingsFault(['AUTH_OPS_TOKEN must be at least 32 random characters'])
}

export function randomSecret(): string {
  return randomBytes(32).toString('base64url')
}

type SecretName = (typeof secretNames)[number]

/**
 * The text of a secret: the setting, or the content of the file that the setting names. In
 * development, it is otherwise created at the first start and kept in the data folder.
 */
function readSecret(
  config: SecretConfig,
  name: SecretName,
  kept: string,
  make: () => string
): string {
  const value = config[name]
  // White space is not a part of these secrets, and an editor may leave some in a file.
  if (config.NODE_ENV !== 'production') {
    return value?.trim() ?? readOrMake(join(config.GATEHOUSE_DATA_DIR, kept), make)
  }
  if (value === undefined) throw new SettingsFault([`${name} must be set`])
  if (!isPublished(value)) return value.trim()
  throw new SettingsFault([`${name} is an example for development, which everybody can read`])
}

/** Every secret in this repository begins with this text, as it is or in base64url. */
const PUBLISHED = 'development-only'

const isPublished = (text: string): boolean =>
  text.split(/[\s,]+/).some((entry) => {
    const secret = entry.replace(/^\d{1,3}:/, '')
    const decoded = Buffer.from(secret, 'base64url').toString('latin1')
    return secret.startsWith(PUBLISHED) || decoded.startsWith(PUBLISHED)
  })

/**
 * If two processes start together, one of them creates the secret, as a whole, and both read the
 * same.
 */
function readOrMake(file: string, make: () => string): string {
  const folder = dirname(file)
  try {
    return makeOnce(folder, file, make)
  } catch (error) {
    const reason = fileFault(error)
    if (reason === null) throw error
    throw new SettingsFault([`GATEHOUSE_DATA_DIR: cannot write in ${folder}: ${reason}`])
  }
}

function makeOnce(folder: string, file: string, make: () => string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${make()}\n`, { mode: 0o600 })
  try {
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
  return readFileSync(file, 'utf8').trim()
}
