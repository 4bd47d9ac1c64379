import { hash } from 'node:crypto'

/**
 * A short name of the set of keys that our auth service publishes, the same for all who hold the same. Its kids are thumbprints
 * (RFC 7638), so they name the keys themselves. Empty where there is none.
 */
export function keySetVersion(kids: Iterable<string>): string {
  const sorted = [...kids].sort()
  return sorted.length === 0 ? '' : hash('sha256', sorted.join(' '), 'base64url').slice(0, 16)
}
