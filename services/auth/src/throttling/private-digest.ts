import { createHmac } from 'node:crypto'
import type { KeyRing } from '../secrets/key-ring.ts'

/**
 * Makes the key of a count from an e-mail address or a network. Without the key ring, an attacker
 * can find neither the address from it nor another address that is counted in the same cells. With
 * another ring, the keys are different.
 */
export const privateDigest = (ring: KeyRing) => (text: string) =>
  createHmac('sha256', ring.newest.secret).update(`gatehouse guesses\0${text}`).digest()
