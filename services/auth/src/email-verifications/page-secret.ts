import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * A secret that is kept by the page that registered. A reader who opens the link in the same
 * browser proves with it that the password and the sessions are the reader's own. Without it,
 * they may belong to a stranger who registered the address first (account pre-hijacking).
 */
export const newPageSecret = (): string => randomBytes(32).toString('base64url')

export const pageDigest = (secret: string): string =>
  createHash('sha256').update(`gatehouse page\0${secret}`).digest('base64url')

/** Whether a secret is the one of the page that registered. */
export function isFromPage(secret: string | undefined, digest: string | null): boolean {
  if (secret === undefined || digest === null) return false
  const [given, known] = [Buffer.from(pageDigest(secret)), Buffer.from(digest)]
  return given.length === known.length && timingSafeEqual(given, known)
}
