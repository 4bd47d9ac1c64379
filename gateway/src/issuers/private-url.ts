const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Whether keys from there are the issuer's: over plain HTTP, whoever is on the way can write them; on this machine nobody is.
 * @param insecure the operator says that nobody is on the way elsewhere either
 */
export function isPrivateUrl(text: string, insecure: boolean): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && (insecure || LOOPBACK.has(hostname)))
}
