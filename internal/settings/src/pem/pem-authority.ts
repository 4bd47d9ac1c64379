import { createSecureContext } from 'node:tls'
import { certificatesIn } from './certificates-in.ts'

/**
 * Why the text of a file is not the certificate of an authority in PEM, for the operator; null if
 * it is one. OpenSSL takes a text without a certificate, such as a key, for an empty list, and then
 * trusts no certificate. Pure.
 */
export const authorityFault = (file: string, pem: string): string | null =>
  isPemAuthority(pem) ? null : `${file} is not a certificate in PEM`

function isPemAuthority(pem: string): boolean {
  if (certificatesIn(pem).length === 0) return false
  try {
    createSecureContext({ ca: pem })
    return true
  } catch {
    return false
  }
}
