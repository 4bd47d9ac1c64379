import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * The keys that encrypt stored secrets, 32 bytes each: the first one encrypts, all of them decrypt.
 */
export type SealingKeys = readonly [Buffer, ...Buffer[]]

/**
 * Encrypts a secret for the database: base64url( nonce ‖ ciphertext ‖ tag ). `about` is
 * authenticated with it, and must be the same for decryption.
 */
export function seal(secret: string, key: Buffer, about: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(about))
  const sealed = [nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]
  return Buffer.concat(sealed).toString('base64url')
}

/** @throws Error if the key is another one, or the bytes were changed */
export function unseal(sealed: string, key: Buffer, about: string): string {
  const bytes = Buffer.from(sealed, 'base64url')
  // The tag length is required: GCM itself accepts tags of four bytes, which a forger could guess.
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES
  })
    .setAAD(Buffer.from(about))
    .setAuthTag(bytes.subarray(-TAG_BYTES))
  const secret = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
  return Buffer.concat([secret, decipher.final()]).toString('utf8')
}

/**
 * Decrypts with whichever key fits; `stale` if that is not the first one.
 * @throws Error if none fits
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
      // Encrypted with another key: only the attempt shows which one.
      fault = error
    }
  }
  throw fault
}
