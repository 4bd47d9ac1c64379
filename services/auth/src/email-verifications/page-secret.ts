import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * A secret that the page keeps which asked for a letter. A reader who opens the link in the same
 * browser proves with it that the password and the sessions are the reader's own. Without it, they
 * may be those of a stranger who registered the address first (account pre-hijacking).
 */
export const newPageSecret = (): string => randomBytes(32).toString('base64url')

export const pageDigest = (secret: string): string =>
  createHash('sha256').update(`gatehouse page\0${secret}`).digest('base64url')

/** Whether a secret is the one of the page that asked. */
export function isFromPage(secret: string | undefined, digest: string | null): boolean {
  if (secret === undefined || digest === null) return false
  const [given, known] = [Buffer.from(pageDigest(secret)), Buffer.from(digest)]
  return given.length === known.length && timingSafeEqual(given, known)
}
