/**
 * The codes that Node.js and OpenSSL have for a certificate that is not trusted, and what an
 * operator does about it.
 */
const UNTRUSTED: readonly (readonly [code: RegExp, reason: string])[] = [
  [
    /SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|CERT_(UNTRUSTED|SIGNATURE_FAILURE)/,
    'no trusted authority signed the certificate of the upstream: name the certificate of its authority in tls.caFile'
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'the certificate of the upstream is for another name: use this name in the address, or set tls.serverName'
  ],
  [/^CERT_HAS_EXPIRED$/, 'the certificate of the upstream has expired: renew it'],
  [/^CERT_NOT_YET_VALID$/, 'the certificate of the upstream is not valid yet: check the clocks']
]

/**
 * A handshake that failed, or a certificate of the gateway that the upstream wants and did not get.
 */
const FAILED = /^(EPROTO|ERR_SSL_|ERR_OSSL_)/

const FAILED_REASON =
  'TLS with the upstream failed: check that its port uses TLS, and tls.certFile and tls.keyFile if the upstream requires a certificate'

/**
 * Whether the gateway ended a connection because it does not trust the certificate: no byte of the
 * request was sent. Pure.
 */
export const isUntrusted = (code: string): boolean =>
  UNTRUSTED.some(([pattern]) => pattern.test(code))

/**
 * Why TLS with a service failed, in words for the operator; null if the code is not about TLS.
 * Pure.
 */
export function tlsFault(code: string): string | null {
  const known = UNTRUSTED.find(([pattern]) => pattern.test(code))
  return known?.[1] ?? (FAILED.test(code) ? FAILED_REASON : null)
}
