import { argon2id, importedArgon2 } from './argon2.ts'
import { bcrypt, bcryptCost } from './bcrypt.ts'
import { firebaseScrypt } from './firebase-scrypt.ts'
import type { HashKind } from './hash-kind.ts'
import { pbkdf2 } from './pbkdf2.ts'
import { saltedSha } from './salted-sha.ts'
import { scrypt } from './scrypt.ts'

const kinds: readonly HashKind[] = [
  argon2id,
  importedArgon2,
  bcrypt,
  scrypt,
  firebaseScrypt,
  pbkdf2,
  saltedSha
]

const kindOf = (cost: string): HashKind | undefined => kinds.find(({ isCost }) => isCost(cost))

/**
 * The cost of a hash: its text without the salt and the hash. The database computes the same for
 * `passwordCosts` of the accounts.
 */
export const passwordCost = (passwordHash: string): string =>
  passwordHash.startsWith('$2')
    ? bcryptCost(passwordHash)
    : passwordHash.split('$').slice(0, -2).join('$')

/** Whether hashes of this cost can be verified. */
export const isKnownCost = (cost: string): boolean => kindOf(cost) !== undefined

/** Whether a hash matches the password; false for a hash of an unknown cost. */
export async function verifyHash(passwordHash: string, password: string): Promise<boolean> {
  const kind = kindOf(passwordCost(passwordHash))
  return kind !== undefined && (await kind.verify(passwordHash, password))
}

/**
 * A hash of this cost that matches no password: verifying it takes as long, and fails.
 * @throws Error for an unknown cost
 */
export function decoyOf(cost: string): string {
  const kind = kindOf(cost)
  if (kind === undefined) throw new Error('a decoy of an unknown cost')
  return kind.decoy(cost)
}

/**
 * The name of a hash's algorithm, for people: `argon2id`, `bcrypt`, `imported-argon2i`; `none` if
 * there is no password.
 */
export function hashName(passwordHash: string): string {
  if (passwordHash === '') return 'none'
  if (passwordHash.startsWith('$2')) return 'bcrypt'
  const [, name = ''] = passwordHash.split('$')
  return isKnownCost(passwordCost(passwordHash)) ? name : 'unknown'
}
