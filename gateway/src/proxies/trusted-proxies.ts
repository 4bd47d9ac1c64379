import { BlockList, isIPv6 } from 'node:net'

/** Whether an address belongs to a trusted proxy. */
export type IsTrustedProxy = (address: string) => boolean

/** @param ranges addresses, and ranges as `10.0.0.0/8` */
export function trustedProxies(ranges: readonly string[]): IsTrustedProxy {
  if (ranges.length === 0) return () => false
  const proxies = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) proxies.addAddress(address, family)
    else proxies.addSubnet(address, Number(bits), family)
  }
  return (address) => proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
