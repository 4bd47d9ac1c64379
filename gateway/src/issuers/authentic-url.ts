const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Whether keys from this address come from the issuer. Over plain HTTP, anyone on the network path
 * can change them, except on this machine.
 * @param insecure the operator accepts plain HTTP on other networks too
 */
export function isAuthenticUrl(text: string, insecure: boolean): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && (insecure || LOOPBACK.has(hostname)))
}
