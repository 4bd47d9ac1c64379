import { createSecureContext } from 'node:tls'

/**
 * Why the text of a file is not the certificate of an authority in PEM, for the operator; null if
 * it is one. OpenSSL takes a text without a certificate, such as a key, for an empty list, and then
 * trusts no certificate. Pure.
 */
export const authorityFault = (file: string, pem: string): string | null =>
  isPemAuthority(pem) ? null : `${file} is not a certificate in PEM`

const CERTIFICATE = /-----BEGIN ((TRUSTED|X509) )?CERTIFICATE-----/

function isPemAuthority(pem: string): boolean {
  if (!CERTIFICATE.test(pem)) return false
  try {
    createSecureContext({ ca: pem })
    return true
  } catch {
    return false
  }
}
