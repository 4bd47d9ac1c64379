import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { connectionOf } from '@gatehouse/http-service/http-two'
import { isHost, LAST_PORT } from '../paths/host.ts'
import { clientGone } from '../refusals.ts'
import { forwardedAddress } from './forwarded-address.ts'
import type { ProxyHeaders } from './proxy-headers.ts'
import type { ProxiedConnection } from './proxy-protocol.ts'
import { proxyReports } from './proxy-reports.ts'
import type { IsTrustedProxy } from './trusted-proxies.ts'

/**
 * The source of a request and its connection: as the outermost trusted proxy reports them, or as
 * the connection itself shows them.
 */
export type ArrivedHop = {
  /**
   * from the client to the peer of the connection; all addresses after the first are trusted
   * proxies
   */
  readonly addresses: readonly [client: string, ...proxies: string[]]
  readonly protocol: 'http' | 'https'
  readonly host: string
  /** the port that the client connected to, if anyone reports it */
  readonly port: number
}

/** Proxies write the scheme of a WebSocket as well. */
const PROTOCOLS: Readonly<Record<string, ArrivedHop['protocol']>> = {
  http: 'http',
  https: 'https',
  ws: 'http',
  wss: 'https'
}

/** The protocol of requests with this scheme; undefined for any other scheme. */
export const protocolNamed = (scheme: string): ArrivedHop['protocol'] | undefined =>
  PROTOCOLS[scheme.toLowerCase()]

/** How proxies report the source of a request. */
type ArrivedHopOptions = {
  readonly headers: ProxyHeaders
  readonly proxied: ProxiedConnection | null
}

/**
 * Reads what proxies report about the hop that counts. Each trusted proxy appends a member, so the
 * last member is from the peer, and each earlier one is from the proxy whose address the next
 * member gives. Members before that of the first trusted proxy were written by a client. A member
 * that is not an address ends the chain: the client is then the proxy that wrote it, because such
 * clients cannot be distinguished.
 *
 * The header of the PROXY protocol names the peer of a proxy that forwards bytes. That peer can be
 * a client, which writes any header, so headers count only if it is a trusted proxy itself. If the
 * header names no client, the client is unknown, and its headers are ignored.
 * @param proxied what such a header says; null: there is none
 * @param headers the headers that the proxies write
 * @throws Refusal INVALID_REQUEST if the connection has closed
 */
export function arrivedHop(
  raw: IncomingMessage,
  isTrusted: IsTrustedProxy,
  { headers, proxied }: ArrivedHopOptions
): ArrivedHop {
  const connection = connectionOf(raw)
  const peer = forwardedAddress(connection.remoteAddress ?? '')
  if (peer === null) throw clientGone()
  const client = proxied?.client ?? null
  const isEncrypted = (connection as Partial<TLSSocket>).encrypted === true || client?.secure
  const protocol = isEncrypted ? 'https' : 'http'
  const host = raw.headers.host ?? (raw.headers[':authority'] as string | undefined) ?? ''
  const addresses: [string, ...string[]] = [peer]
  if (client !== null) addresses.unshift(client.address)
  const headersCount = isTrusted(addresses[0]) && (proxied === null || client !== null)
  if (!headersCount) return { addresses, protocol, host, port: portOf(host, protocol) }

  const said = proxyReports(raw, headers)
  let proxies = 1
  for (let at = said.addresses.length - 1; at >= 0 && isTrusted(addresses[0]); at -= 1) {
    proxies = said.addresses.length - at
    const address = said.addresses[at] ?? null
    if (address === null) break
    addresses.unshift(address)
  }
  const saidProtocol = protocolNamed(said.reported('proto', proxies) ?? '') ?? protocol
  const named = said.reported('host', proxies)
  const saidHost = named !== undefined && isHost(named) ? named : host
  return {
    addresses,
    protocol: saidProtocol,
    host: saidHost,
    port: portIn(said.reported('port', proxies)) ?? portOf(saidHost, saidProtocol)
  }
}

/** The port in a string of digits; null if it is not a port. */
function portIn(text: string | undefined): number | null {
  const port = /^[1-9]\d{0,4}$/.test(text ?? '') ? Number(text) : LAST_PORT + 1
  return port > LAST_PORT ? null : port
}

/** The port of a host, or the default port of the protocol (RFC 9110 §4.2). */
export const portOf = (host: string, protocol: ArrivedHop['protocol']): number =>
  portIn(/:(\d+)$/.exec(host)?.[1]) ?? (protocol === 'https' ? 443 : 80)
