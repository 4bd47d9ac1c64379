import { type Identity, identityHeaders } from '@gatehouse/edge-headers/identity'
import { headerBytes } from '@gatehouse/edge-headers/identity-budget'

/** Headers, and how many bytes they take in a request. */
export type WrittenHeaders = {
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: number
}

export const written = (headers: Record<string, string>): WrittenHeaders => ({
  headers,
  bytes: headerBytes(headers)
})

const identities = new WeakMap<Identity, WrittenHeaders>()

/** All headers of an identity. They are kept as long as the identity is. */
export function writtenIdentity(identity: Identity): WrittenHeaders {
  const known = identities.get(identity)
  if (known !== undefined) return known
  const made = written(identityHeaders(identity))
  identities.set(identity, made)
  return made
}
