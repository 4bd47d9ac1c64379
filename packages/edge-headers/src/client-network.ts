import { isIPv4, isIPv6 } from 'node:net'

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
/** what a customer is given at least (RFC 6177): whoever has one address of it has all */
const NETWORK_GROUPS = 4

/**
 * Whom an address stands for when requests are counted: an IPv4 address for itself, an IPv6 address for its /64. Anything
 * else is one caller, `unknown`. Pure.
 */
export function clientNetwork(address: string): string {
  const ipv4 = MAPPED_IPV4.exec(address)?.[1] ?? address
  if (isIPv4(ipv4)) return ipv4
  if (!isIPv6(address)) return 'unknown'
  const [plain = ''] = address.split('%', 1)
  const [head = '', tail] = plain.split('::', 2)
  const groups = (part: string) => part.split(':').filter((group) => group !== '')
  const before = groups(head)
  const after = groups(tail ?? '')
  const zeros =
    tail === undefined ? 0 : 8 - before.length - after.length - (plain.includes('.') ? 1 : 0)
  const all = [...before, ...Array<string>(zeros).fill('0'), ...after]
  const network = all
    .slice(0, NETWORK_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
  return `${network.join(':')}::/64`
}
