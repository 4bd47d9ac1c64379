import { createSecureContext } from 'node:tls'

/**
 * Whether a text holds the certificate of an authority in PEM. OpenSSL takes a text without a
 * certificate for an empty list, and then trusts nobody. Pure.
 */
export function isPemAuthority(pem: string): boolean {
  if (!pem.includes('-----BEGIN ')) return false
  try {
    createSecureContext({ ca: pem })
    return true
  } catch {
    return false
  }
}
