/** A key that refresh tokens are made and recognised with. */
export type RefreshKey = {
  /** 0 to 255: one byte of the token names it */
  readonly id: number
  readonly secret: Buffer
}

/** Whether a secret is long enough, and not a placeholder: all zeros, or one word over and over. */
export const isUnpredictable = (secret: Buffer): boolean =>
  secret.length >= SECRET_BYTES && new Set(secret).size >= LEAST_DISTINCT_BYTES

/** The newest key makes tokens, all of them recognise tokens. */
export type KeyRing = {
  readonly newest: RefreshKey
  find(id: number): RefreshKey | null
}

const SECRET_BYTES = 32
/** of 32 random bytes fewer are never seen; zeros and repeated words have fewer */
const LEAST_DISTINCT_BYTES = 12
const ENTRY = /^(\d{1,3}):([A-Za-z0-9_-]+)$/

/**
 * Reads a ring: `id:secret` entries separated by commas or new lines, the newest first; an id is 0 to 255, a secret is
 * at least 32 random bytes as base64url.
 * @throws Error naming the entry's place, never its secret
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
    throw new Error('two refresh keys have one id')
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
  return { id: Number(id), secret }
}
