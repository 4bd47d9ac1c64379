import { normalizeIP } from '@fastify/rate-limit'
import { LRUCache } from 'lru-cache'

/**
 * The smallest prefix that a customer gets (RFC 6177): a client with one address of it has them
 * all.
 */
const IPV6_PREFIX = 64
/** Parsing an address of IPv6 takes 15 µs. */
const REMEMBERED_ADDRESSES = 1000

const networks = new LRUCache<string, string>({ max: REMEMBERED_ADDRESSES })

/** What every limit counts as one client address: an IPv4 address, or the /64 of an IPv6 one. */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address
  const known = networks.get(address)
  if (known !== undefined) return known
  const network = normalizeIP(address, IPV6_PREFIX)
  networks.set(address, network)
  return network
}

/** The prefix that a site may get (RFC 6177 §2): it has 65,536 networks of clients. */
const SITE_PREFIX = 48

/** The site of a client address: an IPv4 address, or the /48 of an IPv6 one. */
export const clientSite = (address: string): string =>
  address.includes(':') ? normalizeIP(address, SITE_PREFIX) : address
