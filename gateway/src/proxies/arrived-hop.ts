import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { forwardedHeader } from '@gatehouse/edge-headers/names'
import { listMembers } from '@gatehouse/edge-headers/optional-whitespace'
import { isHost } from '../stages/host.ts'
import { forwardedAddress } from './forwarded-address.ts'
import type { IsTrustedProxy } from './trusted-proxies.ts'

/** Where a request came from, and how: what the outermost proxy whose word counts says, or what the connection is. */
export type ArrivedHop = {
  /** from the client to the other end of the connection; between them only proxies whose word counts */
  readonly addresses: readonly [client: string, ...proxies: string[]]
  readonly protocol: 'http' | 'https'
  readonly host: string
}

/** Proxies write the scheme of a WebSocket as well. */
const PROTOCOLS: Readonly<Record<string, ArrivedHop['protocol']>> = {
  http: 'http',
  https: 'https',
  ws: 'http',
  wss: 'https'
}

/** The other end of a connection that has gone; nobody gets the answer. */
const GONE = '0.0.0.0'

/**
 * Reads `x-forwarded-*` at the hop that counts. Each trusted proxy adds a member behind those that were there, so the last
 * member is the word of the peer, and each one before it that of the proxy whose address the next member gives. What is before
 * the word of the first trusted proxy, a client has written. A member that is no address ends the chain: the client then is the
 * proxy that wrote it, because all such clients together are not one.
 */
export function arrivedHop(raw: IncomingMessage, isTrusted: IsTrustedProxy): ArrivedHop {
  const { socket, headers } = raw
  const peer = forwardedAddress(socket.remoteAddress ?? GONE) ?? GONE
  const protocol = (socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http'
  const host = headers.host ?? (headers[':authority'] as string | undefined) ?? ''
  if (!isTrusted(peer)) return { addresses: [peer], protocol, host }

  const addresses: [string, ...string[]] = [peer]
  const members = membersOf(raw, 'for')
  let words = 1
  for (let at = members.length - 1; at >= 0 && isTrusted(addresses[0]); at -= 1) {
    words = members.length - at
    const address = forwardedAddress(members[at] ?? '')
    if (address === null) break
    addresses.unshift(address)
  }
  const said = wordOf(membersOf(raw, 'proto'), words)?.toLowerCase() ?? ''
  const named = wordOf(membersOf(raw, 'host'), words)
  return {
    addresses,
    protocol: PROTOCOLS[said] ?? protocol,
    host: named !== undefined && isHost(named) ? named : host
  }
}

/** What the outermost of so many trusted proxies has said, or the outermost of them that has said anything. */
const wordOf = (members: readonly string[], words: number): string | undefined =>
  members[Math.max(members.length - words, 0)]

function membersOf({ headers }: IncomingMessage, name: keyof typeof forwardedHeader): string[] {
  const value = headers[forwardedHeader[name]]
  return value === undefined ? [] : listMembers([value].flat().join(','))
}
