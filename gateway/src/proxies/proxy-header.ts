import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { LAST_PORT } from '../paths/host.ts'

/**
 * The header of the PROXY protocol (haproxy.org, doc/proxy-protocol.txt), versions 1 and 2, at the
 * beginning of a connection.
 */
export type ProxyHeader = {
  /** how many bytes it has; what follows belongs to the client */
  readonly length: number
  /**
   * the client; null if the proxy itself made the connection, for example for a health check, or
   * does not know the address
   */
  readonly client: ProxiedClient | null
}

export type ProxiedClient = {
  /** in the usual spelling (RFC 5952) */
  readonly address: string
  /** whether the proxy terminated TLS for the client */
  readonly secure: boolean
}

/** `more`: the bytes so far can be the beginning of a header. `none`: they cannot. */
type ReadProxyHeader = ProxyHeader | 'more' | 'none' | 'malformed'

/** §2.1: 107 characters with CRLF */
const LONGEST_TEXT = 107
/** Larger than all TLVs that proxies are known to send together. */
export const LONGEST_PROXY_HEADER = 4096

const TEXT_BEGINNING = Buffer.from('PROXY ')
/** §2.2 */
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const FIXED_LENGTH = 16

/**
 * Reads a header strictly. Pure, and linear in the bytes of the header.
 * @param bytes all that has come so far on a connection
 */
export function readProxyHeader(bytes: Buffer): ReadProxyHeader {
  if (bytes.length === 0) return 'more'
  if (beginsLike(bytes, SIGNATURE)) return bytes.length < FIXED_LENGTH ? 'more' : binary(bytes)
  if (beginsLike(bytes, TEXT_BEGINNING)) return text(bytes)
  return 'none'
}

/** Whether the one is the beginning of the other. */
function beginsLike(bytes: Buffer, beginning: Buffer): boolean {
  const length = Math.min(bytes.length, beginning.length)
  return bytes.compare(beginning, 0, length, 0, length) === 0
}

function text(bytes: Buffer): ReadProxyHeader {
  const line = bytes.toString('latin1', 0, LONGEST_TEXT)
  const end = line.indexOf('\r\n')
  if (end < 0) return bytes.length < LONGEST_TEXT ? 'more' : 'malformed'
  const length = end + 2
  const [, family, ...words] = line.slice(0, end).split(' ')
  // §2.1: a receiver ignores what follows UNKNOWN.
  if (family === 'UNKNOWN') return { length, client: null }
  const isAddress = families.get(family ?? '')
  const [source = '', destination = '', ...ports] = words
  const isWhole = ports.length === 2 && ports.every(isPort)
  if (isAddress === undefined || !isWhole || !isAddress(source) || !isAddress(destination)) {
    return 'malformed'
  }
  return { length, client: { address: usualSpelling(source), secure: false } }
}

const families = new Map<string, (address: string) => boolean>([
  ['TCP4', isIPv4],
  ['TCP6', (address) => isIPv6(address) && !address.includes('%')]
])

const isPort = (port: string): boolean =>
  /^(?:0|[1-9]\d{0,4})$/.test(port) && Number(port) <= LAST_PORT

function usualSpelling(address: string): string {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4'
  return new SocketAddress({ address, family }).address
}

const VERSION_TWO = 0x20
const LOCAL = 0
const PROXY = 1
/** §2.2: the bytes of both addresses and ports, by address family and transport */
const ADDRESS_BYTES: Readonly<Record<number, number>> = { 0: 0, 17: 12, 33: 36, 49: 216 }
const TCP_OVER_IPV4 = 0x11
const TCP_OVER_IPV6 = 0x21

function binary(bytes: Buffer): ReadProxyHeader {
  const [version = 0, family = 0] = bytes.subarray(SIGNATURE.length)
  const command = version - VERSION_TWO
  const length = FIXED_LENGTH + bytes.readUInt16BE(SIGNATURE.length + 2)
  if ((command !== LOCAL && command !== PROXY) || length > LONGEST_PROXY_HEADER) return 'malformed'
  if (bytes.length < length) return 'more'
  // A receiver ignores the addresses of a connection that the proxy made for itself.
  if (command === LOCAL) return { length, client: null }
  const addressBytes = ADDRESS_BYTES[family]
  if (addressBytes === undefined) return 'malformed'
  const rest = bytes.subarray(FIXED_LENGTH, length)
  if (rest.length < addressBytes) return 'malformed'
  const secure = isSecure(rest.subarray(addressBytes))
  if (secure === null) return 'malformed'
  const address = addressIn(rest, family)
  return { length, client: address === null ? null : { address, secure } }
}

function addressIn(bytes: Buffer, family: number): string | null {
  if (family === TCP_OVER_IPV4) return bytes.subarray(0, 4).join('.')
  if (family !== TCP_OVER_IPV6) return null
  const groups = bytes.toString('hex', 0, 16).match(/.{4}/g) ?? []
  return usualSpelling(groups.join(':'))
}

const TLV_HEAD = 3
/** §2.2.6 */
const TLV_TLS = 0x20
const CLIENT_USES_TLS = 1

/** Whether a TLV says that the client uses TLS; null if the TLVs do not fit their lengths. */
function isSecure(tlvs: Buffer): boolean | null {
  let secure = false
  for (let at = 0; at < tlvs.length; ) {
    if (at + TLV_HEAD > tlvs.length) return null
    const end = at + TLV_HEAD + tlvs.readUInt16BE(at + 1)
    if (end > tlvs.length) return null
    if (tlvs[at] === TLV_TLS) secure = ((tlvs[at + TLV_HEAD] ?? 0) & CLIENT_USES_TLS) !== 0
    at = end
  }
  return secure
}
