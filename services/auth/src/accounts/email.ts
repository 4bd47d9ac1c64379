const SHAPE = /^[^\s@\p{C}]+@[^\s@.\p{C}]+(\.[^\s@.\p{C}]+)*$/u
const LONGEST = 254

/**
 * The one form of an e-mail address under which an account is kept, so that people who read the same address mean the same
 * account: compatibility characters folded (full-width letters), composed, lower case.
 * Null where it is not an address. Whether it is somebody's, only a message to it could tell.
 */
export function canonicalEmail(text: string): string | null {
  if (!text.isWellFormed()) return null
  // The last sigma of a Greek word has a form of its own in lower case; it is the same letter.
  const email = text.normalize('NFKC').toLowerCase().replaceAll('ς', 'σ').normalize('NFKC')
  return email.length <= LONGEST && SHAPE.test(email) ? email : null
}
