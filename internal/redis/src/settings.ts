import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { unreadable } from '@gatehouse/settings/file-fault'
import { authorityFault } from '@gatehouse/settings/pem-authority'
import { type HeldCertificate, heldCertificates } from '@gatehouse/settings/pem-expiry'
import { secret } from '@gatehouse/settings/secret'
import { readCertificate } from '@gatehouse/tls/certificate'
import { TlsFileFault } from '@gatehouse/tls/tls-file-fault'
import { type Static, Type } from 'typebox'
import type { RedisTarget } from './connecting/connect-redis.ts'
import { COMMAND_TIMEOUT_MS } from './connecting/connection.ts'
import { type Passwords, redisAddress } from './redis-address.ts'

export const redisSettings = {
  /**
   * Unset: families and revocations are in the embedded database, and the whole system is one
   * process.
   */
  ...secret('REDIS_URL'),
  ...secret('REDIS_PASSWORD'),
  ...secret('REDIS_SENTINEL_PASSWORD'),
  /** less than the silence after which a connection is replaced */
  REDIS_TIMEOUT_MS: Type.Integer({ default: COMMAND_TIMEOUT_MS, minimum: 10, maximum: 2000 }),
  REDIS_KEY_PREFIX: Type.String({ default: '', maxLength: 100 }),
  REDIS_CA_FILE: Type.Optional(Type.String()),
  REDIS_CERT_FILE: Type.Optional(Type.String()),
  REDIS_KEY_FILE: Type.Optional(Type.String()),
  REDIS_TLS_VERIFY: Type.Enum(['full', 'ca', 'none'], { default: 'full' }),
  REDIS_TLS_SERVER_NAME: Type.Optional(Type.String())
}

export type RedisSettings = Static<ReturnType<typeof Type.Object<typeof redisSettings>>>

/** The faults of the Redis settings, without values that may be secret. */
export function redisFaults(settings: RedisSettings): string[] {
  const faults = [...prefixFaults(settings), ...fileFaults(settings)]
  if (settings.REDIS_URL === undefined) return [...faults, ...lonelyPasswords(settings)]
  try {
    const { secure } = redisAddress(settings.REDIS_URL, passwordsOf(settings))
    const useless = secure ? undefined : TLS_SETTINGS.find((name) => settings[name] !== undefined)
    if (useless !== undefined) {
      faults.push(`${useless} has no effect without TLS: begin REDIS_URL with rediss`)
    }
  } catch (error) {
    faults.push(`REDIS_URL: ${error instanceof Error ? error.message : ''}`)
  }
  return faults
}

/**
 * The certificates of the connections to Redis, which are read once.
 * @throws as `redisTarget`
 */
export function redisCertificates(settings: RedisSettings): HeldCertificate[] {
  if (settings.REDIS_URL === undefined) return []
  return heldCertificates([
    { name: 'REDIS_CERT_FILE', chain: fileOf(settings.REDIS_CERT_FILE) },
    { name: 'REDIS_CA_FILE', authorities: fileOf(settings.REDIS_CA_FILE) }
  ])
}

/** @throws Error if a file cannot be read; `redisFaults` reports that first */
export function redisTarget(url: string, settings: RedisSettings): RedisTarget {
  return {
    url,
    passwords: passwordsOf(settings),
    timeoutMs: settings.REDIS_TIMEOUT_MS,
    keyPrefix: settings.REDIS_KEY_PREFIX,
    tls: tlsOf(settings)
  }
}

const FILES = ['REDIS_CA_FILE', 'REDIS_CERT_FILE', 'REDIS_KEY_FILE'] as const
const TLS_SETTINGS = [...FILES, 'REDIS_TLS_SERVER_NAME'] as const

export const PASSWORDS = ['REDIS_PASSWORD', 'REDIS_SENTINEL_PASSWORD'] as const

const lonelyPasswords = (settings: RedisSettings): string[] =>
  PASSWORDS.filter((name) => settings[name] !== undefined).map(
    (name) => `${name} has no effect without REDIS_URL, which says where Redis is`
  )

const passwordsOf = (settings: RedisSettings): Passwords => ({
  server: settings.REDIS_PASSWORD,
  sentinels: settings.REDIS_SENTINEL_PASSWORD
})

/**
 * Braces would move keys to other slots of a cluster, and the other characters have a meaning in
 * ACL rules.
 */
const prefixFaults = ({ REDIS_KEY_PREFIX: prefix }: RedisSettings): string[] =>
  /^[\w:./-]*$/.test(prefix)
    ? []
    : ['REDIS_KEY_PREFIX may have letters, digits and the characters _ : . / -']

function fileFaults(settings: RedisSettings): string[] {
  const { REDIS_CERT_FILE: cert, REDIS_KEY_FILE: key } = settings
  const alone =
    (cert === undefined) === (key === undefined)
      ? []
      : ['REDIS_CERT_FILE and REDIS_KEY_FILE must be set together']
  const missing = FILES.flatMap((name) => {
    const file = settings[name]
    try {
      const pem = fileOf(file)
      if (name !== 'REDIS_CA_FILE' || file === undefined || pem === undefined) return []
      const fault = authorityFault(file, pem)
      return fault === null ? [] : [`${name}: ${fault}`]
    } catch (error) {
      return [`${name}: ${unreadable(file ?? '', error) ?? `cannot read ${file}`}`]
    }
  })
  return [...alone, ...(missing.length > 0 ? missing : pairFaults(settings))]
}

/** A certificate with the key of another one, or files that are swapped. */
function pairFaults({ REDIS_CERT_FILE: cert, REDIS_KEY_FILE: key }: RedisSettings): string[] {
  if (cert === undefined || key === undefined) return []
  try {
    readCertificate(cert, key, { cert: 'REDIS_CERT_FILE', key: 'REDIS_KEY_FILE' })
    return []
  } catch (error) {
    if (!(error instanceof TlsFileFault)) throw error
    return [error.message]
  }
}

const fileOf = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : readFileSync(file, 'utf8')

function tlsOf(settings: RedisSettings): ConnectionOptions {
  const { REDIS_TLS_SERVER_NAME: servername, REDIS_TLS_VERIFY: verify } = settings
  const files = {
    ca: fileOf(settings.REDIS_CA_FILE),
    cert: fileOf(settings.REDIS_CERT_FILE),
    key: fileOf(settings.REDIS_KEY_FILE),
    servername
  }
  return {
    ...Object.fromEntries(Object.entries(files).filter(([, value]) => value !== undefined)),
    ...(verify === 'ca' ? { checkServerIdentity: () => undefined } : {}),
    ...(verify === 'none' ? { rejectUnauthorized: false } : {})
  }
}
