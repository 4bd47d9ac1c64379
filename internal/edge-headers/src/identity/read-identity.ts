import { identityHeader } from '../names.ts'
import { decodeValue } from './header-value.ts'
import type { Identity } from './identity.ts'

/** Reads what `identityHeaders` wrote; null if the request is not signed in. */
export function readIdentity(
  headers: Readonly<Record<string, string | string[] | undefined>>
): Identity | null {
  const read = (name: string): string | null => {
    const value = headers[name]
    return typeof value === 'string' ? value : null
  }
  const subject = read(identityHeader.subject)
  const client = read(identityHeader.client)
  const expires = read(identityHeader.expires)
  if (subject === null || client === null || expires === null || !/^\d{1,15}$/.test(expires)) {
    return null
  }
  const session = read(identityHeader.session)
  const email = read(identityHeader.email)
  return {
    subject: decodeValue(subject),
    session: session === null ? null : decodeValue(session),
    client: decodeValue(client),
    roles: list(read(identityHeader.roles), ','),
    scope: list(read(identityHeader.scope), ' '),
    email: email === null ? null : decodeValue(email),
    expiresAt: Number(expires)
  }
}

function list(value: string | null, separator: string): string[] {
  return value === null || value === '' ? [] : value.split(separator).map(decodeValue)
}
