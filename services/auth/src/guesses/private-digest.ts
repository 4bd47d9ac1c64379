import { createHmac } from 'node:crypto'
import type { KeyRing } from '../sessions/key-ring.ts'

/** Makes keys of e-mail addresses that nobody can find again who has the store alone. With another ring they are others. */
export const privateDigest = (ring: KeyRing) => (text: string) =>
  createHmac('sha256', ring.newest.secret).update(`gatehouse guesses\0${text}`).digest('base64url')
