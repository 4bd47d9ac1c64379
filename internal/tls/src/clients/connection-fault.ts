/** Errors of the certificate that Node.js and OpenSSL describe in their own words. */
const UNTRUSTED = /CERT|VERIFY/
const MISNAMED = 'ERR_TLS_CERT_ALTNAME_INVALID'
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/

/**
 * Why a connection or its response failed, for the log. It takes the text of an error only where
 * the operating system or OpenSSL wrote it: other messages can quote the other side (the names in
 * its certificate, a response that is not JSON).
 */
export function connectionFault(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  // One error for each address of a host name.
  const [first] = error instanceof AggregateError ? error.errors : []
  if (first !== undefined) return connectionFault(first)
  const { code, host } = error as { readonly code?: unknown; readonly host?: unknown }
  if (typeof code !== 'string' || !CODE.test(code)) return error.name
  if (code === MISNAMED) return `the certificate is for another name than ${host}`
  return 'syscall' in error || UNTRUSTED.test(code) ? error.message : code
}
