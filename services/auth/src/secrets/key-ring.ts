import { createSecretKey, type KeyObject } from 'node:crypto'

/** A key that derives and verifies refresh tokens. */
export type RefreshKey = {
  /** 0 to 255, in one byte of the token */
  readonly id: number
  /** at least 32 bytes. An HMAC with a `KeyObject` costs a fifth of one with a `Buffer` */
  readonly secret: KeyObject
}

/**
 * Whether a secret is long enough and not a placeholder, such as all zeros or one repeated word.
 */
export const isUnpredictable = (secret: Buffer): boolean =>
  secret.length >= SECRET_BYTES && new Set(secret).size >= LEAST_DISTINCT_BYTES

/** The newest key makes tokens; all keys verify tokens. */
export type KeyRing = {
  readonly newest: RefreshKey
  find(id: number): RefreshKey | null
}

const SECRET_BYTES = 32
/** 32 random bytes never have fewer distinct values; zeros and repeated words do */
const LEAST_DISTINCT_BYTES = 12
const ENTRY = /^(\d{1,3}):([A-Za-z0-9_-]+)$/

/**
 * Reads a ring: `id:secret` entries separated by commas or new lines, the newest first. An id is 0
 * to 255, a secret is at least 32 random bytes in base64url.
 * @throws Error naming the position of the entry, never its secret
 */
export function parseKeyRing(text: string): KeyRing {
  const keys = text
    .split(/[,\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map(parseEntry)
  const [newest] = keys
  if (newest === undefined) throw new Error('the ring of refresh keys is empty')
  if (new Set(keys.map(({ id }) => id)).size < keys.length) {
    throw new Error('two refresh keys have the same id')
  }
  return { newest, find: (id) => keys.find((key) => key.id === id) ?? null }
}

function parseEntry(entry: string, index: number): RefreshKey {
  const [, id, encoded] = ENTRY.exec(entry) ?? []
  const secret = Buffer.from(encoded ?? '', 'base64url')
  if (id === undefined || Number(id) > 255 || !isUnpredictable(secret)) {
    throw new Error(
      `refresh key ${index + 1} is not "id:secret" with an id of 0 to 255 and ${SECRET_BYTES} random bytes or more as base64url`
    )
  }
  return { id: Number(id), secret: createSecretKey(secret) }
}
