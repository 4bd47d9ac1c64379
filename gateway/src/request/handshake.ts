import { isToken } from '@gatehouse/edge-headers/field-syntax'
import { withoutOuterWhitespace } from '@gatehouse/edge-headers/optional-whitespace'

/** What a client requests for a WebSocket (RFC 6455 §4.1). */
export type Handshake = {
  /** the subprotocols for the service, the preferred one first */
  readonly protocols: readonly string[]
  /**
   * a subprotocol of the gateway's own that the client offers. The gateway selects it if the
   * service selects none: a browser that has offered subprotocols fails a connection that selects
   * none of them (WebSockets Standard, "establish a connection")
   */
  readonly ownProtocol: string | null
  /** an access token, because scripts in a browser cannot set `Authorization` */
  readonly bearer: string | null
}

/** A subprotocol without meaning, so that the response need not repeat the token. */
const OWN_PROTOCOL = 'gatehouse'

/**
 * The prefix of an access token among the subprotocols. It is not forwarded, like every credential.
 */
const BEARER_PROTOCOL = 'gatehouse.bearer.'

const KEY = /^[+/0-9A-Za-z]{22}==$/

type Asking = { readonly method: string; readonly headers: Readonly<Record<string, string>> }

/** Reads an upgrade to a WebSocket; null if it is none, or not a valid one. Pure. */
export function readHandshake({ method, headers }: Asking): Handshake | null {
  const valid =
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    listed(headers.connection ?? '').some((one) => one.toLowerCase() === 'upgrade') &&
    headers['sec-websocket-version'] === '13' &&
    KEY.test(headers['sec-websocket-key'] ?? '')
  const all = listed(headers['sec-websocket-protocol'] ?? '')
  if (!valid || !all.every(isToken) || new Set(all).size < all.length) return null
  const bearers = all.filter((one) => one.startsWith(BEARER_PROTOCOL))
  if (bearers.length > 1) return null
  return {
    protocols: all.filter((one) => one !== OWN_PROTOCOL && !one.startsWith(BEARER_PROTOCOL)),
    ownProtocol: all.find((one) => one === OWN_PROTOCOL) ?? bearers[0] ?? null,
    bearer: bearers[0]?.slice(BEARER_PROTOCOL.length) ?? null
  }
}

const listed = (value: string): string[] =>
  value === '' ? [] : value.split(',').map(withoutOuterWhitespace)
