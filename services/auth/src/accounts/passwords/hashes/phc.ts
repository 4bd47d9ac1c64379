import { randomBytes, timingSafeEqual } from 'node:crypto'

/** The parts of a hash in PHC string form. */
type PhcHash = { readonly cost: string; readonly salt: Buffer; readonly hash: Buffer }

/** A shorter hash would match many passwords. */
export const LEAST_HASH_BYTES = 16
export const MOST_HASH_BYTES = 128
export const LEAST_SALT_BYTES = 4
export const MOST_SALT_BYTES = 256

const SALT_BYTES = 16

/** Reads `cost$salt$hash`; the salt and the hash are base64 without padding. */
export function readPhc(text: string): PhcHash {
  const parts = text.split('$')
  const [salt = '', hash = ''] = parts.slice(-2)
  return {
    cost: parts.slice(0, -2).join('$'),
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64')
  }
}

export const phcText = ({ cost, salt, hash }: PhcHash): string =>
  `${cost}$${unpadded(salt)}$${unpadded(hash)}`

/** A hash of this cost that matches no password. */
export const phcDecoy = (cost: string, hashBytes: number): string =>
  phcText({ cost, salt: randomBytes(SALT_BYTES), hash: randomBytes(hashBytes) })

/** Whether two hashes are equal, in constant time. A hash that is too short equals none. */
export const isSameHash = (one: Buffer, other: Buffer): boolean =>
  one.length >= LEAST_HASH_BYTES && one.length === other.length && timingSafeEqual(one, other)

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
