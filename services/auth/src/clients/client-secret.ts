import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** Tells scanners of source code and logs what they have found. */
const PREFIX = 'ghs_'
const SECRET = /^ghs_[A-Za-z0-9_-]{43}$/

/** 256 random bits. */
export function newClientSecret(): string {
  return PREFIX + randomBytes(32).toString('base64url')
}

/**
 * What is kept of a secret. A slow hash makes guesses dear where people chose what is to be guessed; of 256 random bits
 * nobody guesses any, and each token request would pay for it.
 */
export function clientSecretDigest(secret: string): string {
  return digest(secret).toString('base64url')
}

/** Whether a secret is one of those kept. Looks at all of them, and at all bytes of each. */
export function isOneOf(secret: string, digests: readonly string[]): boolean {
  if (!SECRET.test(secret)) return false
  const presented = digest(secret)
  const equal = digests.filter((kept) => timingSafeEqual(presented, Buffer.from(kept, 'base64url')))
  return equal.length > 0
}

const digest = (secret: string): Buffer => createHash('sha256').update(secret).digest()
