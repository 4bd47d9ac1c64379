import { domainToASCII } from 'node:url'

/** the atoms of a local part (RFC 5322 §3.2.3), with the characters of RFC 6532 */
const LOCAL_PART = /^[\w!#$%&'*+/=?^`{|}~.\u00a0-\u{10ffff}-]{1,64}$/u
const DOMAIN = /^[a-z0-9-]+(\.[a-z0-9-]+)*$/

/** An address in its canonical form, and as its owner typed it; null: not known. */
type Recipient = { readonly email: string; readonly emailTyped: string | null }

/**
 * The address as an envelope has it, with the domain in ASCII; null if no mail is sent to it. An
 * account may have an address with quotes, commas or angle brackets, which would name other
 * recipients in a header. A letter goes to the address that was typed.
 */
export function mailableAddress({ email, emailTyped }: Recipient): string | null {
  if (hasNoHost(email)) return null
  if (emailTyped !== null) return envelopeAddress(emailTyped)
  return mayBeAnother(email) ? null : envelopeAddress(email)
}

/** RFC 2606 §2: no such domain exists. Drills make accounts with such addresses. */
const hasNoHost = (email: string): boolean => email.endsWith('.invalid')

const FINAL_SIGMA = /σ\p{M}*(?![\p{L}\p{M}])/u

/**
 * The canonical form writes a final sigma like any other, so the canonical form of an address with
 * a sigma may be somebody else's address: `βόλος.com` and `βόλοσ.com` are two domains (RFC 5894
 * §7.2). A domain can have a final sigma anywhere, because it joins words without spaces.
 */
function mayBeAnother(email: string): boolean {
  const at = email.lastIndexOf('@')
  return email.includes('σ', at) || FINAL_SIGMA.test(email.slice(0, at))
}

function envelopeAddress(email: string): string | null {
  const at = email.lastIndexOf('@')
  const local = email.slice(0, at)
  const domain = domainToASCII(email.slice(at + 1))
  return at > 0 && LOCAL_PART.test(local) && DOMAIN.test(domain) ? `${local}@${domain}` : null
}

/** The sender: the address of the envelope, and the name that readers see. */
export type Sender = { readonly name: string; readonly address: string }

/** the characters of a name that need no quotes in a header, and no controls */
const NAME = /^[^<>"@,;:\\\p{C}]{0,80}$/u

/** Reads `Example <no-reply@example.com>` or a bare address. Null if it is neither. */
export function readSender(text: string): Sender | null {
  const trimmed = text.trim()
  const open = trimmed.indexOf('<')
  const isNamed = open >= 0 && trimmed.endsWith('>')
  const name = isNamed ? trimmed.slice(0, open).trim() : ''
  const address = envelopeAddress(isNamed ? trimmed.slice(open + 1, -1) : trimmed)
  return address === null || !NAME.test(name) ? null : { name, address }
}
