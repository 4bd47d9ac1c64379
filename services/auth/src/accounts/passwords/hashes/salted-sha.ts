import { createHash } from 'node:crypto'
import type { HashKind } from './hash-kind.ts'
import { isSameHash, phcDecoy, readPhc } from './phc.ts'

const DIGESTS: Readonly<Record<string, { readonly digest: string; readonly bytes: number }>> = {
  $ssha: { digest: 'sha1', bytes: 20 },
  $ssha256: { digest: 'sha256', bytes: 32 },
  $ssha512: { digest: 'sha512', bytes: 64 }
}

const digestOf = (cost: string) => (Object.hasOwn(DIGESTS, cost) ? DIGESTS[cost] : undefined)

/**
 * One digest of the password and a salt, as LDAP directories store it: `{SSHA256}`. It is cheap to
 * guess until its user signs in.
 */
export const saltedSha: HashKind = {
  isCost: (cost) => digestOf(cost) !== undefined,
  async verify(passwordHash, password) {
    const { cost, salt, hash } = readPhc(passwordHash)
    const digest = digestOf(cost)?.digest
    if (digest === undefined) return false
    return isSameHash(hash, createHash(digest).update(password).update(salt).digest())
  },
  decoy: (cost) => phcDecoy(cost, digestOf(cost)?.bytes ?? 0)
}

/** How many bytes of `{SSHA…}` are the digest; the rest is the salt. */
export const saltedShaBytes = (cost: string): number => digestOf(cost)?.bytes ?? 0
