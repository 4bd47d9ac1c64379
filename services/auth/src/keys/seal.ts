import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** What secrets are encrypted with at rest, 32 bytes each: the first seals, all of them open. */
export type SealingKeys = readonly [Buffer, ...Buffer[]]

/** Encrypts a secret for the database: base64url( nonce ‖ ciphertext ‖ tag ). `about` is bound to it, and must be given again. */
export function seal(secret: string, key: Buffer, about: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(about))
  const sealed = [nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]
  return Buffer.concat(sealed).toString('base64url')
}

/** @throws Error where the key is another one, or the bytes are not as they were sealed */
export function unseal(sealed: string, key: Buffer, about: string): string {
  const bytes = Buffer.from(sealed, 'base64url')
  // The length is demanded: GCM itself takes tags of four bytes, which a forger could guess.
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES
  })
    .setAAD(Buffer.from(about))
    .setAuthTag(bytes.subarray(-TAG_BYTES))
  const secret = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
  return Buffer.concat([secret, decipher.final()]).toString('utf8')
}

/**
 * Opens what was sealed with any of the keys; `stale` where that is not the first of them.
 * @throws Error where none of them opens it
 */
export function unsealWithAny(
  sealed: string,
  keys: SealingKeys,
  about: string
): { secret: string; stale: boolean } {
  let fault: unknown
  for (const key of keys) {
    try {
      return { secret: unseal(sealed, key, about), stale: key !== keys[0] }
    } catch (error) {
      // Another one's: only the attempt tells which.
      fault = error
    }
  }
  throw fault
}
