import { createHmac } from 'node:crypto'
import type { KeyRing } from '../secrets/key-ring.ts'

/**
 * Makes a key from an e-mail address or a network. Without the key ring, nobody can find the
 * address from it, nor another one that is counted in the same cells. Another ring makes other
 * keys.
 */
export const privateDigest = (ring: KeyRing) => (text: string) =>
  createHmac('sha256', ring.newest.secret).update(`gatehouse guesses\0${text}`).digest()
