/** As OpenSSL names a certificate in PEM; the first name is that of RFC 7468 §5.1. */
const LABEL = '(?:TRUSTED |X509 )?CERTIFICATE'
const CERTIFICATE = new RegExp(`-----BEGIN ${LABEL}-----[^-]+-----END ${LABEL}-----`, 'g')

/** The certificates in a text, each in PEM. Pure. */
export const certificatesIn = (pem: string): string[] => pem.match(CERTIFICATE) ?? []
