import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** Lets scanners recognise a secret in source code and logs. */
const PREFIX = 'ghs_'
const SECRET = /^ghs_[A-Za-z0-9_-]{43}$/

/** Has the form of a secret, for the description of the API. */
export const clientSecretExample = `${PREFIX}q1mZ6ZpJ3nYt0Wm4a8kVx2q1mZ6ZpJ3nYt0Wm4a8kVx`

/** 256 random bits. */
export function newClientSecret(): string {
  return PREFIX + randomBytes(32).toString('base64url')
}

/**
 * The stored form of a secret. A slow hash protects secrets that people choose. 256 random bits
 * cannot be guessed, and a slow hash would delay each token request.
 */
export function clientSecretDigest(secret: string): string {
  return digest(secret).toString('base64url')
}

/** Whether a secret matches one of the digests. It compares all of them, and all bytes of each. */
export function isOneOf(secret: string, digests: readonly string[]): boolean {
  if (!SECRET.test(secret)) return false
  const presented = digest(secret)
  const equal = digests.filter((kept) => timingSafeEqual(presented, Buffer.from(kept, 'base64url')))
  return equal.length > 0
}

const digest = (secret: string): Buffer => createHash('sha256').update(secret).digest()
