import type { LookupAddress } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * Where webhooks may be sent. An endpoint must not make this process call the operators' listeners,
 * the stores or the metadata service of a cloud (OWASP API7:2023, server-side request forgery).
 */
export type ReachableHosts = {
  /** What is wrong with the URL of a receiver; null: nothing. */
  faultOf(url: URL): UrlFault | null
  /**
   * Resolves the host of a connection, and gives only addresses that may be reached: the connection
   * goes to the very address that was checked.
   */
  readonly lookup: LookupFunction
}

/** `http`: only private hosts that are named may have it. `private`: the host is not named. */
export type UrlFault = 'credentials' | 'http' | 'scheme' | 'private'

/** No address of the host may be reached. */
export class PrivateAddress extends Error {}

/** The host has no address, or its name server did not answer. */
export class UnresolvableHost extends Error {}

/** A resolver that does not use the threads that hash passwords. */
type Names = Pick<Resolver, 'resolve4' | 'resolve6'>

/** the time and the number of attempts that a name server has */
const NAME_SERVER = { timeout: 2000, tries: 2 } as const

/** RFC 4291 §2.4 with the IANA registry: all unicast addresses that are assigned to networks */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3')

/** Whether an address belongs to the public Internet. */
function isPublic(address: string): boolean {
  // An IPv4 address within an IPv6 address is judged as the IPv4 address that is reached.
  const parsed = ipaddr.process(address)
  if (parsed.range() !== 'unicast') return false
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_IPV6)
}

/**
 * @param named the private hosts that an operator allows: names, addresses, and networks as
 * `10.0.0.0/8`
 */
export function reachableHosts(
  named: readonly string[],
  names: Names = new Resolver(NAME_SERVER)
): ReachableHosts {
  const allowed = new BlockList()
  const hosts = new Set<string>()
  for (const one of named) {
    const [address = '', bits] = one.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (isIP(address) === 0) hosts.add(withoutDot(one))
    else if (bits === undefined) allowed.addAddress(address, family)
    else allowed.addSubnet(address, Number(bits), family)
  }
  const mayReach = (address: string): boolean =>
    isPublic(address) || allowed.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  const isNamed = (host: string): boolean => hosts.has(withoutDot(host))

  const addressesOf = async (host: string): Promise<LookupAddress[]> => {
    const found = await resolveBoth(host, names)
    const reachable = isNamed(host) ? found : found.filter(({ address }) => mayReach(address))
    if (reachable.length === 0) throw new PrivateAddress()
    return reachable
  }
  return {
    faultOf: (url) => urlFault(url, { mayReach, isNamed, allowed }),
    lookup(host, options, callback) {
      addressesOf(host).then(
        (addresses) => {
          const [first] = addresses
          if (options.all === true) callback(null, addresses)
          else callback(null, first?.address ?? '', first?.family)
        },
        (error) => callback(error, '')
      )
    }
  }
}

/** @throws UnresolvableHost */
async function resolveBoth(host: string, names: Names): Promise<LookupAddress[]> {
  const [four, six] = await Promise.allSettled([names.resolve4(host), names.resolve6(host)])
  const found = [
    ...addressesIn(four).map((address) => ({ address, family: 4 })),
    ...addressesIn(six).map((address) => ({ address, family: 6 }))
  ]
  if (found.length > 0) return found
  throw new UnresolvableHost()
}

const addressesIn = (result: PromiseSettledResult<string[]>): string[] =>
  result.status === 'fulfilled' ? result.value : []

type Rules = {
  readonly mayReach: (address: string) => boolean
  readonly isNamed: (host: string) => boolean
  readonly allowed: BlockList
}

function urlFault(url: URL, { mayReach, isNamed, allowed }: Rules): UrlFault | null {
  const host = hostOf(url)
  if (url.username !== '' || url.password !== '') return 'credentials'
  const isAddress = isIP(host) !== 0
  const isPrivate =
    isNamed(host) || (isAddress && allowed.check(host, isIPv6(host) ? 'ipv6' : 'ipv4'))
  if (url.protocol === 'http:' && !isPrivate) return 'http'
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'scheme'
  return isAddress && !isNamed(host) && !mayReach(host) ? 'private' : null
}

/** The host of a URL, as connections name it. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '')

const withoutDot = (host: string): string => host.toLowerCase().replace(/\.$/, '')
