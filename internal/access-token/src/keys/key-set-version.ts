import { hash } from 'node:crypto'

/**
 * A short name of the key set that our auth service publishes. Equal sets have equal names. The
 * kids are thumbprints (RFC 7638), so they identify the keys themselves. Empty if there is no key.
 */
export function keySetVersion(kids: Iterable<string>): string {
  const sorted = [...kids].sort()
  return sorted.length === 0 ? '' : hash('sha256', sorted.join(' '), 'base64url').slice(0, 16)
}
