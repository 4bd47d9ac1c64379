import { asksForWebSocket } from '@gatehouse/edge-headers/asked-upgrade'
import { foldedName, isIdentityName } from '@gatehouse/edge-headers/names'
import { listMembers, withoutOuterWhitespace } from '@gatehouse/edge-headers/optional-whitespace'
import { malformed } from '../refusals.ts'

/**
 * Headers with which a service may see another method or path than the one that was decided on:
 * method override of Rack, Symfony, Spring and Express, and URL rewriting of IIS (CVE-2018-14773).
 */
const REWRITING = /^(?:x-http-method|x-method-override|x-rewrite)(?:-|$)/

/** The first characters of the names that matter: `x-…` and `grpc-metadata-x-…`. */
const [X, G] = [0x78, 0x67]

/**
 * Refuses a request with headers that the gateway would remove, but the proxy forwards. The proxy
 * replaces only those that the response contains. It does not know the other spellings that a
 * service reads as the same name (oauth2-proxy CVE-2025-64484, Caddy CVE-2026-52845). And refuses
 * an offer to change the protocol, except a WebSocket handshake: the gateway itself ignores the
 * offer, but a service that accepts it gets all later requests of the client without a question to
 * the gateway (h2c smuggling).
 * @param replaced the headers that the response contains
 * @param added the header that the proxy adds to its subrequests; null: none
 * @throws Refusal INVALID_REQUEST
 */
export function refuseKeptHeaders(
  rawHeaders: readonly string[],
  replaced: ReadonlySet<string>,
  added: string | null
): void {
  const offers: string[] = []
  let connection = ''
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    const first = name.charCodeAt(0)
    if (OF_OFFERS.has(name)) {
      const value = rawHeaders[index + 1] ?? ''
      if (name === 'connection') connection += `,${value}`
      else offers.push(value)
    }
    if (first !== X && first !== G) continue
    if (isIdentityName(name) && !replaced.has(name) && name !== added) {
      throw kept('an identity header', 'x-auth-*')
    }
    if (first === X && REWRITING.test(foldedName(name))) {
      throw kept('a header that changes the method or the path', 'X-HTTP-Method-Override')
    }
  }
  if (connection !== '' && listMembers(connection.toLowerCase()).some(isIdentityName)) {
    throw kept('an identity header that Connection names', 'Connection: x-auth-subject')
  }
  if (offers.length > 0 && !isHandshake(offers, connection)) {
    throw kept('an offer to change the protocol', 'Upgrade: h2c')
  }
}

/** The headers of an offer to change the protocol (RFC 9110 §7.8, RFC 7540 §3.2.1). */
const OF_OFFERS = new Set(['upgrade', 'http2-settings', 'connection'])

/** Whether an offer is one that the journey decides on. */
const isHandshake = ([upgrade = '', ...more]: readonly string[], connection: string): boolean =>
  more.length === 0 &&
  withoutOuterWhitespace(upgrade).toLowerCase() === 'websocket' &&
  asksForWebSocket({ httpVersion: '1.1', headers: { upgrade, connection } })

const kept = (reason: string, example: string) =>
  malformed(
    `the request has ${reason} (such as ${example}): configure the proxy to remove it (docs/forward-auth.md)`,
    `${reason} that the proxy would forward`
  )
