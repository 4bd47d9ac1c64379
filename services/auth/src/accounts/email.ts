import { domainToASCII, domainToUnicode } from 'node:url'
import { looksLikeAnother } from './look-alikes.ts'

const SHAPE =
  /^[^\s@\p{C}\p{Default_Ignorable_Code_Point}]+@[^\s@\p{C}\p{Default_Ignorable_Code_Point}]+$/u
const LONGEST = 254

/**
 * The one form of an e-mail address under which an account is kept, so that people who read the same address mean the same
 * account: white space around it gone (keyboards put a space behind a word, and copying a line end), compatibility characters folded (full-width letters), composed, lower case; the domain as UTS 46 maps it, in
 * Unicode. Invisible characters are refused, and names that look like Latin ones and are not (decision 16).
 * Null where it is not an address. Whether it is somebody's, only a message to it could tell.
 */
export function canonicalEmail(text: string): string | null {
  if (!text.isWellFormed()) return null
  const folded = fold(text.trim())
  if (folded.length > LONGEST || !SHAPE.test(folded)) return null
  const at = folded.indexOf('@')
  const [local, domain] = [folded.slice(0, at), canonicalDomain(folded.slice(at + 1))]
  if (domain === null || looksLikeAnother(local)) return null
  const email = `${local}@${domain}`
  return email.length <= LONGEST ? email : null
}

/** The last sigma of a Greek word has a form of its own in lower case; it is the same letter. */
const fold = (text: string): string =>
  text.normalize('NFKC').toLowerCase().replaceAll('ς', 'σ').normalize('NFKC')

const ASCII_LABEL = /^[\x21-\x7e]+$/

/** `xn--bcher-kva` and `bücher` are one name, and U+3002 is a dot (UTS 46 §4). Null where it is not a domain. */
function canonicalDomain(domain: string): string | null {
  const mapped = ASCII_LABEL.test(domain) && !domain.includes('xn--') ? domain : mapDomain(domain)
  const labels = mapped.split('.')
  return labels.some((label) => label === '' || looksLikeAnother(label)) ? null : mapped
}

/** Empty where UTS 46 knows no such name. Folded once more: its Unicode form has the last sigma. */
const mapDomain = (domain: string): string => fold(domainToUnicode(domainToASCII(domain)))
