import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { isHost } from '../stages/host.ts'
import { forwardedAddress } from './forwarded-address.ts'
import { type ProxyHeaders, toldByProxies } from './told-by-proxies.ts'
import type { IsTrustedProxy } from './trusted-proxies.ts'

/** Where a request came from, and how: what the outermost proxy whose word counts says, or what the connection is. */
export type ArrivedHop = {
  /** from the client to the other end of the connection; between them only proxies whose word counts */
  readonly addresses: readonly [client: string, ...proxies: string[]]
  readonly protocol: 'http' | 'https'
  readonly host: string
  /** the port that the client connected to, as far as anybody says it */
  readonly port: number
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
 * Reads what proxies say at the hop that counts. Each trusted proxy adds a member behind those that were there, so the last
 * member is the word of the peer, and each one before it that of the proxy whose address the next member gives. What is before
 * the word of the first trusted proxy, a client has written. A member that is no address ends the chain: the client then is the
 * proxy that wrote it, because all such clients together are not one.
 * @param headers the kind of header that the proxies write; null: it shows
 */
export function arrivedHop(
  raw: IncomingMessage,
  isTrusted: IsTrustedProxy,
  headers: ProxyHeaders | null = null
): ArrivedHop {
  const peer = forwardedAddress(raw.socket.remoteAddress ?? GONE) ?? GONE
  const protocol = (raw.socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http'
  const host = raw.headers.host ?? (raw.headers[':authority'] as string | undefined) ?? ''
  if (!isTrusted(peer)) return { addresses: [peer], protocol, host, port: portOf(host, protocol) }

  const said = toldByProxies(raw, headers)
  const addresses: [string, ...string[]] = [peer]
  let proxies = 1
  for (let at = said.addresses.length - 1; at >= 0 && isTrusted(addresses[0]); at -= 1) {
    proxies = said.addresses.length - at
    const address = said.addresses[at] ?? null
    if (address === null) break
    addresses.unshift(address)
  }
  const saidProtocol = PROTOCOLS[said.told('proto', proxies)?.toLowerCase() ?? ''] ?? protocol
  const named = said.told('host', proxies)
  const saidHost = named !== undefined && isHost(named) ? named : host
  return {
    addresses,
    protocol: saidProtocol,
    host: saidHost,
    port: portIn(said.told('port', proxies)) ?? portOf(saidHost, saidProtocol)
  }
}

const LAST_PORT = 65_535

/** The port in a text of digits; null where it is none. */
function portIn(text: string | undefined): number | null {
  const port = /^[1-9]\d{0,4}$/.test(text ?? '') ? Number(text) : LAST_PORT + 1
  return port > LAST_PORT ? null : port
}

/** The port of a host, or the usual one of the protocol (RFC 9110 §4.2). */
const portOf = (host: string, protocol: ArrivedHop['protocol']): number =>
  portIn(/:(\d+)$/.exec(host)?.[1]) ?? (protocol === 'https' ? 443 : 80)
