import { identityHeader } from '@gatehouse/edge-headers/names'
import type { Route } from '../routes/entry/route.ts'
import { takesOurCredentials } from '../routes/takes-our-credentials.ts'

/** The caller of a request without an access token, as the auth service names it. */
export type NamedCaller = {
  readonly subject: string | undefined
  readonly session: string | undefined
  readonly client: string | undefined
}

/** The headers of a service's response. */
export type SentHeaders = Readonly<Record<string, string | string[] | undefined>>

/** Ids of accounts, sessions and clients are shorter; none has another character. */
const ID = /^[\w.:-]{1,128}$/

/**
 * Reads the caller from a response of a service that takes our credentials; null for every other
 * service, so that none can write another caller into the access log. The client does not get these
 * headers (`forwarding/headers/passed-headers.ts`). Pure.
 */
export function namedCaller(
  route: Pick<Route, 'credentials'>,
  headers: SentHeaders
): NamedCaller | null {
  if (!takesOurCredentials(route)) return null
  const idIn = (name: string): string | undefined => {
    const value = headers[name]
    return typeof value === 'string' && ID.test(value) ? value : undefined
  }
  return {
    subject: idIn(identityHeader.subject),
    session: idIn(identityHeader.session),
    client: idIn(identityHeader.client)
  }
}
