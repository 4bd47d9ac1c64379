import { isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { LRUCache } from 'lru-cache'

/**
 * The smallest prefix that a customer gets (RFC 6177): a client with one address of it has them
 * all.
 */
const IPV6_PREFIX = 64
/** Parsing an address of IPv6 takes some microseconds. */
const REMEMBERED_ADDRESSES = 1000

const networks = new LRUCache<string, string>({ max: REMEMBERED_ADDRESSES })

/** What every limit counts as one client address: an IPv4 address, or the /64 of an IPv6 one. */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address
  const known = networks.get(address)
  if (known !== undefined) return known
  const network = prefixOf(address, IPV6_PREFIX)
  networks.set(address, network)
  return network
}

/** The prefix that a site may get (RFC 6177 §2): it has 65,536 networks of clients. */
const SITE_PREFIX = 48

/** The site of a client address: an IPv4 address, or the /48 of an IPv6 one. */
export const clientSite = (address: string): string =>
  address.includes(':') ? prefixOf(address, SITE_PREFIX) : address

/**
 * The first address of the prefix (RFC 5952), or an IPv4 address that is mapped (RFC 4291
 * §2.5.5.2).
 */
function prefixOf(address: string, bits: number): string {
  // A link-local address may name its zone (RFC 4007 §11).
  const [bare = ''] = address.split('%')
  if (!isIPv6(bare)) return address.toLowerCase()
  const parsed = ipaddr.process(bare)
  return parsed.kind() === 'ipv4'
    ? parsed.toString()
    : ipaddr.IPv6.networkAddressFromCIDR(`${bare}/${bits}`).toString()
}
