import { domainToASCII, domainToUnicode } from 'node:url'
import { looksLikeAnother } from './look-alikes.ts'

const SHAPE =
  /^[^\s@\p{C}\p{Default_Ignorable_Code_Point}]+@[^\s@\p{C}\p{Default_Ignorable_Code_Point}]+$/u
export const LONGEST_EMAIL = 254

/**
 * The canonical form under which an e-mail address is stored, so that people who read the same
 * address mean the same account. White space around it is removed (keyboards add a space after a
 * word, and copied lines have a line break). Compatibility characters are folded (full-width
 * letters), characters are composed, and letters are lower case. The domain is mapped by UTS 46, in
 * Unicode. Invisible characters, and names that only look Latin, are refused (decision 16). Null if
 * the text is not an address. Only a message to it could show whether it exists.
 */
export function canonicalEmail(text: string): string | null {
  if (!text.isWellFormed()) return null
  const folded = fold(text.trim())
  if (folded.length > LONGEST_EMAIL || !SHAPE.test(folded)) return null
  const at = folded.indexOf('@')
  const [local, domain] = [folded.slice(0, at), canonicalDomain(folded.slice(at + 1))]
  if (domain === null || looksLikeAnother(local)) return null
  const email = `${local}@${domain}`
  return email.length <= LONGEST_EMAIL ? email : null
}

/** An address as it was typed, for letters: the canonical form may belong to somebody else. */
export const typedEmail = (text: string): string => text.trim()

/** Whether a typed address, if it is known, is the one with this canonical form. */
export const isTyped = (typed: string | null | undefined, email: string): typed is string =>
  typed !== null && typed !== undefined && canonicalEmail(typed) === email

/**
 * Whether two addresses with the same canonical form are also the same for mail servers. These fold
 * at most the case of Latin letters: at some of them, somebody else can have `\uFF4Dike@…`.
 */
export const isSameMailbox = (one: string, other: string): boolean =>
  localPart(one) === localPart(other)

const localPart = (address: string): string =>
  address
    .trim()
    .slice(0, address.trim().lastIndexOf('@'))
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** In lower case, a sigma at the end of a Greek word has another form; it is the same letter. */
const fold = (text: string): string =>
  text.normalize('NFKC').toLowerCase().replaceAll('ς', 'σ').normalize('NFKC')

const ASCII_LABEL = /^[\x21-\x7e]+$/

/**
 * `xn--bcher-kva` and `bücher` are one name, and U+3002 is a dot (UTS 46 §4). Null if it is not a
 * domain.
 */
function canonicalDomain(domain: string): string | null {
  const mapped = ASCII_LABEL.test(domain) && !domain.includes('xn--') ? domain : mapDomain(domain)
  const labels = mapped.split('.')
  return labels.some((label) => label === '' || looksLikeAnother(label)) ? null : mapped
}

/**
 * Empty if UTS 46 does not allow the name. Folded again, because the Unicode form can have a final
 * sigma.
 */
const mapDomain = (domain: string): string => fold(domainToUnicode(domainToASCII(domain)))
