import type { KeyObject } from 'node:crypto'
import { isStrongEd25519Key } from './strong-ed25519-key.ts'
import { isStrongRsaKey } from './strong-rsa-key.ts'

/**
 * Whether a public key that someone else made may verify signatures: others cannot sign in place of
 * its owner, and a check is cheap. Node.js itself refuses points that are not on a NIST curve.
 * Pure.
 */
export function isStrongKey(key: KeyObject): boolean {
  if (key.asymmetricKeyType === 'rsa') return isStrongRsaKey(key)
  return key.asymmetricKeyType !== 'ed25519' || isStrongEd25519Key(key)
}
